import { dirname } from "node:path";
import type { DatabaseSync, SQLInputValue, SQLOutputValue, StatementSync } from "node:sqlite";
import { DockersnapError } from "@dockersnap/contract/words";
import { mountpointOf } from "../process/mountpoint.ts";

export type Row = Record<string, SQLOutputValue>;

/** SQLite's primary result codes that decide something here; extended ones carry them in their low byte. */
const resultCodes = { busy: 5, corrupt: 11, full: 13, notADatabase: 26 } as const;

/** SQLITE_IOERR_SHMSIZE: no space for the index of the write-ahead log. */
const indexCannotGrow = 4874;

/** SQLite's result code, or undefined for an error that is not SQLite's. */
function resultCode(error: unknown): number | undefined {
  if (!(error instanceof Error) || !("errcode" in error) || typeof error.errcode !== "number") return undefined;
  return error.errcode === indexCannotGrow ? resultCodes.full : error.errcode & 0xff;
}

export const isBusy = (error: unknown) => resultCode(error) === resultCodes.busy;

/** What a failure of the database means to whoever asked for the records. */
export function recordsError(path: string, error: unknown): unknown {
  const code = resultCode(error);
  if (code === undefined) return error;
  if (code === resultCodes.full) {
    const mountpoint = mountpointOf(dirname(path));
    return new DockersnapError(
      "no_space",
      `The disk mounted at ${mountpoint}, which holds the records (${path}), is full; nothing was written. Free space on that disk.`,
      { cause: error, details: { what: "records", mountpoint } },
    );
  }
  if (code === resultCodes.corrupt || code === resultCodes.notADatabase) return unreadable(path, error);
  const words = error instanceof Error ? error.message : String(error);
  return new DockersnapError("internal", `The records ${path} could not be used: ${words}.`, { cause: error });
}

/** The file is there and is not what it should be. Nobody writes to it after this. */
export function unreadable(path: string, cause: unknown): DockersnapError {
  const words = cause instanceof Error ? cause.message : String(cause);
  return new DockersnapError(
    "internal",
    `The records in ${path} cannot be read: ${words}. The file was left as it is. Put a copy of it back, or move it and the files beginning with its name aside to start without records.`,
    { cause },
  );
}

/** Space of the disk that is kept for when it is full. */
export interface Reserve {
  /** Give some of it back. False where there is none left. */
  release(): boolean;
}

function isDiskFull(error: unknown): boolean {
  return error instanceof DockersnapError && error.code === "no_space" && resultCode(error.cause) === resultCodes.full;
}

/** The connection with its statements, each prepared once. */
export class Database {
  readonly path: string;
  readonly #reserve: Reserve | undefined;
  readonly #connection: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();
  #depth = 0;
  #isLazy = false;
  #writes = 0;

  /** With `reserve` what met a full disk is done again in the space that gives back. */
  constructor(path: string, connection: DatabaseSync, reserve?: Reserve) {
    this.path = path;
    this.#connection = connection;
    this.#reserve = reserve;
  }

  /** Another one after every write, after every write taken back, and after another connection's: what was read at this one holds. */
  get version(): string {
    return `${this.row("PRAGMA data_version")?.data_version} ${this.#writes}`;
  }

  run(sql: string, values: Record<string, SQLInputValue> = {}): void {
    this.#inReserve(() => {
      this.#writes += 1;
      this.#attempt(() => this.#prepare(sql).run(values));
    });
  }

  row(sql: string, values: Record<string, SQLInputValue> = {}): Row | undefined {
    return this.#attempt(() => this.#prepare(sql).get(values));
  }

  rows(sql: string, values: Record<string, SQLInputValue> = {}): Row[] {
    return this.#attempt(() => this.#prepare(sql).all(values));
  }

  /** All writes of `work`, or none; one inside another is a part that can fall alone. */
  transaction<T>(work: () => T): T {
    return this.#inReserve(() => this.#transaction(work));
  }

  #transaction<T>(work: () => T): T {
    const [begin, commit, rollback] =
      this.#depth === 0
        ? ["BEGIN IMMEDIATE", "COMMIT", "ROLLBACK"]
        : [
            `SAVEPOINT s${this.#depth}`,
            `RELEASE s${this.#depth}`,
            `ROLLBACK TO s${this.#depth}; RELEASE s${this.#depth}`,
          ];
    this.#exec(begin);
    this.#depth += 1;
    try {
      const result = work();
      if (result instanceof Promise) {
        throw new DockersnapError("internal", "A transaction of the records cannot wait for a promise.");
      }
      this.#exec(commit);
      return result;
    } catch (error) {
      this.#writes += 1;
      // SQLite ends the transaction by itself on a full disk or an I/O error; a rollback then has nothing to do.
      if (this.#connection.isTransaction) this.#exec(rollback);
      throw error;
    } finally {
      this.#depth -= 1;
    }
  }

  /**
   * Commits of `work` are in the write-ahead log but not waited for. SQLite syncs that log as a whole, so the next commit
   * outside carries them to disk. Inside a transaction it changes nothing: that one's own commit decides.
   */
  lazily<T>(work: () => T): T {
    if (this.#depth > 0 || this.#isLazy) return work();
    this.#exec("PRAGMA synchronous = NORMAL");
    this.#isLazy = true;
    try {
      const result = work();
      if (result instanceof Promise) {
        throw new DockersnapError("internal", "What is written lazily cannot wait for a promise.");
      }
      return result;
    } finally {
      this.#isLazy = false;
      this.#exec("PRAGMA synchronous = FULL");
    }
  }

  /** Where the disk is full: again, in what was kept. Inside a transaction the whole of that is done again instead. */
  #inReserve<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      if (this.#depth > 0 || !isDiskFull(error) || this.#reserve?.release() !== true) throw error;
      return this.#inReserve(work);
    }
  }

  close(): void {
    this.#statements.clear();
    if (this.#connection.isOpen) this.#connection.close();
  }

  #exec(sql: string): void {
    this.#attempt(() => this.#connection.exec(sql));
  }

  #prepare(sql: string): StatementSync {
    const known = this.#statements.get(sql);
    if (known !== undefined) return known;
    const statement = this.#connection.prepare(sql);
    this.#statements.set(sql, statement);
    return statement;
  }

  #attempt<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      throw recordsError(this.path, error);
    }
  }
}
