import { DockersnapError } from "@dockersnap/contract/words";
import type { OperationRecord, Records } from "@dockersnap/core";
import type { Database, Row } from "./database.ts";
import { operationFrom } from "./rows.ts";

/** Kept as one JSON document each, beside the columns they are looked up by. */
export function operationsTable(database: Database): Records["operations"] {
  const one = (row: Row | undefined) => (row === undefined ? undefined : operationFrom(row, database.path));
  const many = (rows: Row[]) => rows.map((row) => operationFrom(row, database.path));
  const unfinished = "status IN ('running', 'undoing')";
  return {
    save: (record) => database.transaction(() => save(database, record)),
    get: (id) => one(database.row("SELECT * FROM operations WHERE id = :id", { id })),
    byIdempotencyKey: (key) => one(database.row("SELECT * FROM operations WHERE idempotency_key = :key", { key })),
    recent: (limit, { instance = null, since = null, before = null } = {}) =>
      many(
        database.rows(
          `SELECT * FROM operations
           WHERE (:instance IS NULL OR json_extract(record, '$.instance') = :instance)
             AND (:since IS NULL OR started_at >= :since)
             AND (:before IS NULL
               OR (started_at, seq) < (SELECT started_at, seq FROM operations WHERE id = :before))
           ORDER BY started_at DESC, seq DESC LIMIT :limit`,
          { limit, instance, since, before },
        ),
      ),
    unfinished: () => many(database.rows(`SELECT * FROM operations WHERE ${unfinished} ORDER BY started_at, seq`)),
    prune: (keep) =>
      database.run(
        `DELETE FROM operations WHERE seq IN (
           SELECT seq FROM operations WHERE NOT ${unfinished} ORDER BY seq DESC LIMIT -1 OFFSET :keep
         )`,
        { keep },
      ),
  };
}

function save(database: Database, { idempotencyKey, ...record }: OperationRecord): void {
  const key = idempotencyKey ?? null;
  const holder = database.row("SELECT id FROM operations WHERE idempotency_key = :key AND id <> :id", {
    key,
    id: record.id,
  });
  if (holder !== undefined) {
    throw new DockersnapError(
      "already_exists",
      `The idempotency key '${idempotencyKey}' belongs to operation ${holder.id}.`,
    );
  }
  database.run(
    `INSERT INTO operations (id, status, started_at, idempotency_key, record)
     VALUES (:id, :status, :startedAt, :key, :record)
     ON CONFLICT (id) DO UPDATE SET status = excluded.status, started_at = excluded.started_at,
       idempotency_key = excluded.idempotency_key, record = excluded.record`,
    { id: record.id, status: record.status, startedAt: record.started_at, key, record: JSON.stringify(record) },
  );
}
