import { DockersnapError } from "@dockersnap/contract/words";
import type { Records } from "@dockersnap/core";
import type { Database } from "./database.ts";
import { columnsOf, standbyColumns, standbyFrom } from "./rows.ts";
import { insertInto } from "./sql.ts";

export function standbysTable(database: Database): Records["standbys"] {
  const remove = (instance: string, label: string) =>
    database.run("DELETE FROM standbys WHERE instance = :instance AND label = :label", { instance, label });
  return {
    all: () =>
      database
        .rows("SELECT * FROM standbys ORDER BY created_at, instance, label")
        .map((row) => standbyFrom(row, database.path)),
    get: (instance, label) => {
      const row = database.row("SELECT * FROM standbys WHERE instance = :instance AND label = :label", {
        instance,
        label,
      });
      return row === undefined ? undefined : standbyFrom(row, database.path);
    },
    save: (record) =>
      database.transaction(() => {
        const { instance, label } = record;
        const snapshot = database.row("SELECT 1 FROM snapshots WHERE instance = :instance AND label = :label", {
          instance,
          label,
        });
        if (snapshot === undefined) {
          throw new DockersnapError("not_found", `'${instance}' has no snapshot '${label}'.`);
        }
        remove(instance, label);
        const values = columnsOf(standbyColumns, record);
        database.run(insertInto("standbys", values), values);
      }),
    remove,
  };
}
