import type { Records } from "@dockersnap/core";
import type { Database } from "./database.ts";
import { timeFrom } from "./rows.ts";

export function timeTable(database: Database): Records["time"] {
  return {
    get: () => {
      const row = database.row("SELECT record FROM time");
      return row === undefined ? undefined : timeFrom(row, database.path);
    },
    save: (record) =>
      database.run(
        "INSERT INTO time (id, record) VALUES (1, :record) ON CONFLICT (id) DO UPDATE SET record = :record",
        {
          record: JSON.stringify(record),
        },
      ),
  };
}
