import { DockersnapError } from "@dockersnap/contract/words";
import type { Records } from "@dockersnap/core";
import type { Database } from "./database.ts";
import { columnsOf, instanceColumns, instanceFrom } from "./rows.ts";
import { assignments, insertInto } from "./sql.ts";

export function instancesTable(database: Database): Records["instances"] {
  // Looked up before the write, inside its transaction: the constraint itself would not tell which instance has it.
  const refuseTaken = (name: string | undefined, subnetIndex: number | undefined, except: string) => {
    if (name !== undefined && database.row("SELECT 1 FROM instances WHERE name = :name", { name }) !== undefined) {
      throw new DockersnapError("already_exists", `There is already an instance '${name}'.`);
    }
    if (subnetIndex === undefined) return;
    const holder = database.row("SELECT name FROM instances WHERE subnet_index = :subnetIndex AND name <> :except", {
      subnetIndex,
      except,
    });
    if (holder !== undefined) {
      throw new DockersnapError("already_exists", `Subnet number ${subnetIndex} belongs to instance '${holder.name}'.`);
    }
  };
  return {
    all: () =>
      database.rows("SELECT * FROM instances ORDER BY created_at, seq").map((row) => instanceFrom(row, database.path)),
    get: (name) => {
      const row = database.row("SELECT * FROM instances WHERE name = :name", { name });
      return row === undefined ? undefined : instanceFrom(row, database.path);
    },
    insert: (record) =>
      database.transaction(() => {
        refuseTaken(record.name, record.subnetIndex, record.name);
        const values = columnsOf(instanceColumns, record);
        database.run(insertInto("instances", values), values);
      }),
    update: (name, change) => {
      const values = columnsOf(instanceColumns, change);
      delete values.name;
      if (Object.keys(values).length === 0) return;
      database.transaction(() => {
        refuseTaken(undefined, change.subnetIndex, name);
        database.run(`UPDATE instances SET ${assignments(values)} WHERE name = :name`, { ...values, name });
      });
    },
    remove: (name) => database.run("DELETE FROM instances WHERE name = :name", { name }),
  };
}
