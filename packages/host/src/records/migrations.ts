import type { DatabaseSync } from "node:sqlite";
import { DockersnapError } from "@dockersnap/contract/words";

/** "dsnp": tells our file from any other SQLite database. */
export const applicationId = 0x64736e70;

/** Each brings the schema from the version before it to its own, its place in this list counted from 1. Only ever added to. */
export const migrations: readonly string[] = [
  `
  CREATE TABLE instances (
    seq INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    subnet_index INTEGER NOT NULL UNIQUE,
    created_at TEXT NOT NULL,
    phase TEXT NOT NULL,
    desired TEXT NOT NULL,
    clone_of TEXT,
    head TEXT,
    workload TEXT,
    labels TEXT NOT NULL,
    limits TEXT,
    problem TEXT
  ) STRICT;

  CREATE TABLE snapshots (
    seq INTEGER PRIMARY KEY,
    instance TEXT NOT NULL REFERENCES instances (name) ON DELETE CASCADE,
    label TEXT NOT NULL,
    created_at TEXT NOT NULL,
    mode TEXT NOT NULL,
    tags TEXT NOT NULL,
    parent TEXT,
    protected INTEGER NOT NULL,
    expires_at TEXT,
    freeze_ms REAL,
    atomic_ms REAL,
    not_captured TEXT NOT NULL,
    UNIQUE (instance, label)
  ) STRICT;

  CREATE TABLE ports (
    instance TEXT NOT NULL REFERENCES instances (name) ON DELETE CASCADE,
    protocol TEXT NOT NULL,
    container_port INTEGER NOT NULL,
    host_port INTEGER NOT NULL,
    PRIMARY KEY (instance, protocol, container_port),
    UNIQUE (protocol, host_port)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE operations (
    seq INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    status TEXT NOT NULL,
    started_at TEXT NOT NULL,
    idempotency_key TEXT UNIQUE,
    record TEXT NOT NULL
  ) STRICT;

  CREATE INDEX operations_by_status ON operations (status, started_at);
  CREATE INDEX operations_by_start ON operations (started_at);
  `,
  `
  CREATE TABLE reverts (
    instance TEXT NOT NULL REFERENCES instances (name) ON DELETE CASCADE,
    seq INTEGER NOT NULL,
    at TEXT NOT NULL,
    stood_on TEXT,
    target TEXT NOT NULL,
    kept_as TEXT NOT NULL,
    redo_as TEXT,
    lost INTEGER NOT NULL,
    PRIMARY KEY (instance, seq)
  ) STRICT, WITHOUT ROWID;
  `,
  `
  CREATE TABLE schedules (
    instance TEXT NOT NULL REFERENCES instances (name) ON DELETE CASCADE,
    id TEXT NOT NULL,
    cron TEXT NOT NULL,
    label TEXT NOT NULL,
    mode TEXT NOT NULL,
    tags TEXT NOT NULL,
    keep TEXT,
    created_at TEXT NOT NULL,
    last_run_at TEXT,
    last_error TEXT,
    PRIMARY KEY (instance, id)
  ) STRICT, WITHOUT ROWID;
  `,
  "ALTER TABLE instances ADD COLUMN purpose TEXT",
  `
  CREATE TABLE standbys (
    instance TEXT NOT NULL,
    label TEXT NOT NULL,
    count INTEGER NOT NULL,
    frozen INTEGER NOT NULL,
    created_at TEXT NOT NULL,
    PRIMARY KEY (instance, label),
    FOREIGN KEY (instance, label) REFERENCES snapshots (instance, label) ON DELETE CASCADE ON UPDATE CASCADE
  ) STRICT, WITHOUT ROWID;
  `,
  "ALTER TABLE snapshots ADD COLUMN verified TEXT",
  `
  ALTER TABLE schedules ADD COLUMN action TEXT NOT NULL DEFAULT 'snapshot';
  ALTER TABLE schedules ADD COLUMN of_schedule TEXT;
  ALTER TABLE schedules ADD COLUMN timeout_ms INTEGER;
  `,
  "ALTER TABLE reverts ADD COLUMN parts TEXT",
  "CREATE TABLE time (id INTEGER PRIMARY KEY CHECK (id = 1), record TEXT NOT NULL) STRICT",
  `
  ALTER TABLE instances ADD COLUMN engine_id TEXT NOT NULL DEFAULT '';
  UPDATE instances SET engine_id = lower(
    hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-8' ||
    substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6)));
  `,
  `
  CREATE TABLE daemon (id TEXT NOT NULL) STRICT;
  INSERT INTO daemon (id) VALUES (lower(hex(randomblob(16))));
  `,
  "ALTER TABLE instances ADD COLUMN engine_options TEXT",
];

/** The schema version the file has now. */
export function schemaVersion(connection: DatabaseSync): number {
  return Number(connection.prepare("PRAGMA user_version").get()?.user_version);
}

/**
 * Bring the file to the newest schema, a version at a time, each wholly or not at all. A file of a newer daemon is
 * refused untouched.
 */
export function migrate(connection: DatabaseSync, path: string, steps: readonly string[] = migrations): void {
  const present = schemaVersion(connection);
  if (present > steps.length) {
    throw new DockersnapError(
      "internal",
      `The records ${path} were written by a newer dockersnap (schema ${present}; this one knows ${steps.length}). Start that version again, or move the file aside.`,
    );
  }
  for (const [index, step] of steps.entries()) {
    if (index < present) continue;
    connection.exec("BEGIN IMMEDIATE");
    try {
      connection.exec(`${step}; PRAGMA user_version = ${index + 1}`);
      connection.exec("COMMIT");
    } catch (error) {
      if (connection.isTransaction) connection.exec("ROLLBACK");
      throw error;
    }
  }
}
