import type { Records } from "@dockersnap/core";
import type { Database } from "./database.ts";
import { columnsOf, scheduleColumns, scheduleFrom } from "./rows.ts";
import { refuseUnknownInstance } from "./snapshots.ts";
import { insertInto } from "./sql.ts";

export function schedulesTable(database: Database): Records["schedules"] {
  const remove = (instance: string, id: string) =>
    database.run("DELETE FROM schedules WHERE instance = :instance AND id = :id", { instance, id });
  return {
    all: () =>
      database.rows("SELECT * FROM schedules ORDER BY instance, id").map((row) => scheduleFrom(row, database.path)),
    of: (instance) =>
      database
        .rows("SELECT * FROM schedules WHERE instance = :instance ORDER BY id", { instance })
        .map((row) => scheduleFrom(row, database.path)),
    save: (record) =>
      database.transaction(() => {
        refuseUnknownInstance(database, record.instance);
        remove(record.instance, record.id);
        const values = columnsOf(scheduleColumns, record);
        database.run(insertInto("schedules", values), values);
      }),
    remove,
  };
}
