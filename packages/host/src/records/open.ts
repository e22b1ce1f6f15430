import { chmodSync, closeSync, fsyncSync, mkdirSync, openSync, renameSync, rmSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { DockersnapError } from "@dockersnap/contract/words";
import type { Records } from "@dockersnap/core";
import { Database, recordsError, unreadable } from "./database.ts";
import { RecordsDisk } from "./disk.ts";
import { instancesTable } from "./instances.ts";
import { holdAlone } from "./lock.ts";
import { applicationId, migrate, migrations, schemaVersion } from "./migrations.ts";
import { operationsTable } from "./operations.ts";
import { portsTable } from "./ports.ts";
import { revertsTable } from "./reverts.ts";
import { schedulesTable } from "./schedules.ts";
import { snapshotsTable } from "./snapshots.ts";
import { standbysTable } from "./standbys.ts";
import { timeTable } from "./time.ts";

const busyTimeoutMs = 5_000;

export interface OpenRecords extends Records {
  /** Let go of the file and of the lock. Twice changes nothing. */
  close(): void;
}

/**
 * Open the records at `path`, or begin them there. Only one process at a time has them: another gets `busy` naming the
 * holder. A file that is damaged, foreign or of a newer daemon is `internal`, and stays as it is.
 */
export function openRecords({ path }: { path: string }): OpenRecords {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const lock = holdAlone(`${path}.lock`);
  const disk = new RecordsDisk(path);
  try {
    // What the last daemon did not come to end is ended by this one, so that it starts on a full disk too.
    disk.releaseIfFull();
    if (!exists(path)) begin(path);
    const database = new Database(path, connect(path), disk);
    disk.keep();
    return tables(database, disk, () => lock.release());
  } catch (error) {
    lock.release();
    throw recordsError(path, error);
  }
}

/**
 * The records at `path` for reading only, beside a daemon that has them open; a write is `internal`. Undefined where
 * there are none yet.
 */
export function viewRecords({ path }: { path: string }): OpenRecords | undefined {
  if (!exists(path)) return undefined;
  try {
    const connection = new DatabaseSync(path, { timeout: busyTimeoutMs, readOnly: true });
    try {
      check(connection, path);
      if (schemaVersion(connection) !== migrations.length) {
        throw new DockersnapError(
          "internal",
          `The records ${path} are of another version of dockersnap. Start this version's daemon once, then look again.`,
        );
      }
      return tables(new Database(path, connection), new RecordsDisk(path), () => undefined);
    } catch (error) {
      connection.close();
      throw error;
    }
  } catch (error) {
    throw recordsError(path, error);
  }
}

function tables(database: Database, disk: RecordsDisk, closed: () => void): OpenRecords {
  return {
    instances: instancesTable(database),
    snapshots: snapshotsTable(database),
    reverts: revertsTable(database),
    schedules: schedulesTable(database),
    standbys: standbysTable(database),
    ports: portsTable(database),
    operations: operationsTable(database),
    time: timeTable(database),
    daemonId: () => daemonIdIn(database),
    room: () => disk.room(),
    keepReserve: () => disk.keep(),
    transaction: (work) => database.transaction(work),
    lazily: (work) => database.lazily(work),
    close: () => {
      database.close();
      closed();
    },
  };
}

function daemonIdIn(database: Database): string {
  const id = database.row("SELECT id FROM daemon")?.id;
  if (typeof id !== "string") throw unreadable(database.path, new Error("the daemon's id is missing"));
  return id;
}

/** Made beside its place and then moved there, so that a file at `path` is whole: one that is empty has been damaged. */
function begin(path: string): void {
  if (exists(`${path}-wal`)) {
    throw unreadable(path, new Error(`the file is gone, and ${path}-wal still has writes that belong to it`));
  }
  const draft = `${path}.new`;
  for (const left of [draft, `${draft}-wal`, `${draft}-shm`, `${draft}-journal`]) rmSync(left, { force: true });
  closeSync(openSync(draft, "wx", 0o600));
  const connection = new DatabaseSync(draft);
  try {
    connection.exec(`PRAGMA application_id = ${applicationId}`);
    makeDurable(connection, draft);
    migrate(connection, draft);
  } finally {
    connection.close();
  }
  syncFile(draft);
  renameSync(draft, path);
  syncFile(dirname(path));
}

function connect(path: string): DatabaseSync {
  if (statSync(path).size === 0) throw unreadable(path, new Error("the file is empty"));
  chmodSync(path, 0o600);
  const connection = new DatabaseSync(path, { timeout: busyTimeoutMs, enableForeignKeyConstraints: true });
  try {
    check(connection, path);
    makeDurable(connection, path);
    migrate(connection, path);
    return connection;
  } catch (error) {
    connection.close();
    throw error;
  }
}

function check(connection: DatabaseSync, path: string): void {
  const found = connection.prepare("PRAGMA application_id").get()?.application_id;
  if (found !== applicationId) throw unreadable(path, new Error("the file is a database of another program"));
  const complaints = connection
    .prepare("PRAGMA quick_check(5)")
    .all()
    .map((row) => String(row.quick_check))
    .filter((line) => line !== "ok");
  if (complaints.length > 0) throw unreadable(path, new Error(complaints.join("; ")));
}

/** Builds of SQLite differ in what they grant, so each setting is read back. */
function makeDurable(connection: DatabaseSync, path: string): void {
  const journal = connection.prepare("PRAGMA journal_mode = WAL").get()?.journal_mode;
  connection.exec("PRAGMA synchronous = FULL");
  const synchronous = connection.prepare("PRAGMA synchronous").get()?.synchronous;
  if (journal !== "wal" || synchronous !== 2) {
    throw new DockersnapError(
      "internal",
      `The records ${path} cannot be kept safe from a power cut here: SQLite gave journal_mode ${journal} and synchronous ${synchronous} instead of wal and 2. Put state_dir on a local filesystem.`,
    );
  }
}

function exists(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false }) !== undefined;
}

function syncFile(path: string): void {
  const descriptor = openSync(path, "r");
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
