import { DockersnapError } from "@dockersnap/contract/words";
import type { Records, SnapshotRecord } from "@dockersnap/core";
import type { Database } from "./database.ts";
import { columnsOf, snapshotColumns, snapshotFrom } from "./rows.ts";
import { assignments, insertInto } from "./sql.ts";

export function snapshotsTable(database: Database): Records["snapshots"] {
  const find = (instance: string, label: string) =>
    database.row("SELECT * FROM snapshots WHERE instance = :instance AND label = :label", { instance, label });
  const refuseTaken = (instance: string, label: string) => {
    if (find(instance, label) !== undefined) {
      throw new DockersnapError("already_exists", `'${instance}' already has a snapshot '${label}'.`);
    }
  };
  // A thousand rows take ten milliseconds to parse, and lists and schedules ask for the same ones again and again.
  const parsed = new Map<string, readonly SnapshotRecord[]>();
  let parsedAt = "";
  return {
    of: (instance) => {
      const { version } = database;
      if (parsedAt !== version) parsed.clear();
      parsedAt = version;
      const known = parsed.get(instance);
      if (known !== undefined) return known;
      const records = database
        .rows("SELECT * FROM snapshots WHERE instance = :instance ORDER BY created_at, seq", { instance })
        .map((row) => snapshotFrom(row, database.path));
      parsed.set(instance, records);
      return records;
    },
    get: (instance, label) => {
      const row = find(instance, label);
      return row === undefined ? undefined : snapshotFrom(row, database.path);
    },
    expiring: () =>
      database
        .rows("SELECT * FROM snapshots WHERE expires_at IS NOT NULL AND protected = 0 ORDER BY expires_at, seq")
        .map((row) => snapshotFrom(row, database.path)),
    insert: (record) =>
      database.transaction(() => {
        refuseUnknownInstance(database, record.instance);
        refuseTaken(record.instance, record.label);
        const values = columnsOf(snapshotColumns, record);
        database.run(insertInto("snapshots", values), values);
      }),
    update: (instance, label, change) => {
      const values = columnsOf(snapshotColumns, change);
      delete values.instance;
      if (Object.keys(values).length === 0) return;
      database.transaction(() => {
        if (change.label !== undefined && change.label !== label && find(instance, label) !== undefined) {
          refuseTaken(instance, change.label);
        }
        database.run(`UPDATE snapshots SET ${assignments(values)} WHERE instance = :of AND label = :present`, {
          ...values,
          of: instance,
          present: label,
        });
      });
    },
    remove: (instance, label) =>
      database.run("DELETE FROM snapshots WHERE instance = :instance AND label = :label", { instance, label }),
  };
}

/** `not_found` for something kept for an instance there is none of. */
export function refuseUnknownInstance(database: Database, name: string): void {
  if (database.row("SELECT 1 FROM instances WHERE name = :name", { name }) === undefined) {
    throw new DockersnapError("not_found", `There is no instance '${name}' to keep this for.`);
  }
}
