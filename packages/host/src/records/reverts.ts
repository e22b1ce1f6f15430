import type { Records } from "@dockersnap/core";
import type { Database } from "./database.ts";
import { columnsOf, revertColumns, revertFrom } from "./rows.ts";
import { refuseUnknownInstance } from "./snapshots.ts";
import { insertInto } from "./sql.ts";

export function revertsTable(database: Database): Records["reverts"] {
  const remove = (instance: string, seq: number) =>
    database.run("DELETE FROM reverts WHERE instance = :instance AND seq = :seq", { instance, seq });
  return {
    of: (instance) =>
      database
        .rows("SELECT * FROM reverts WHERE instance = :instance ORDER BY seq", { instance })
        .map((row) => revertFrom(row, database.path)),
    save: (record) =>
      database.transaction(() => {
        refuseUnknownInstance(database, record.instance);
        remove(record.instance, record.seq);
        const values = columnsOf(revertColumns, record);
        database.run(insertInto("reverts", values), values);
      }),
    remove,
    relabel: (instance, from, to) =>
      database.transaction(() => {
        for (const column of ["stood_on", "target", "kept_as", "redo_as"]) {
          database.run(`UPDATE reverts SET ${column} = :to WHERE instance = :instance AND ${column} = :from`, {
            instance,
            from,
            to,
          });
        }
      }),
  };
}
