import { type FSWatcher, linkSync, rmSync, statSync, watch } from "node:fs";
import { connect } from "node:net";
import type { Log } from "@dockersnap/core";
import { hasErrno } from "../process/errno.ts";
import { type RuntimeFiles, readRecord, type SandboxRecord, writeRecord } from "./runtime-files.ts";

/** dockerd takes its socket away and makes another one when it starts; whoever removes files removes several at once. */
const settleMs = 200;

/** A watch of a folder can be refused, and what lies deeper is not watched. */
const roundMs = 60_000;

export interface KeptFiles {
  readonly name: string;
  readonly files: RuntimeFiles;
  /** Whether the engine's sandbox still does. */
  lives(): boolean;
  /** Whoever asked the engine something meanwhile got no answer. */
  restored(): void;
}

interface Kept extends KeptFiles {
  readonly record: SandboxRecord | undefined;
}

/**
 * Puts back what something else removes of a running engine's files: its socket, without which nobody reaches it, and the
 * record by which the next daemon finds it. A second name of the socket, in the engine's own folder, keeps it reachable: the
 * kernel finds a listener by the file, whatever that is called.
 */
export class FilesUpkeep {
  readonly #runDir: string;
  readonly #log: Log;
  readonly #kept = new Map<string, Kept>();
  #watcher: FSWatcher | undefined;
  #round: NodeJS.Timeout | undefined;
  #settling: NodeJS.Timeout | undefined;

  constructor(runDir: string, log: Log) {
    this.#runDir = runDir;
    this.#log = log;
  }

  keep(engine: KeptFiles): void {
    this.#kept.set(engine.name, { ...engine, record: readRecord(engine.files) });
    keepSpare(engine.files);
    this.#round ??= setInterval(() => this.#lookAtAll(), roundMs).unref();
    this.#watcher ??= this.#watch();
    this.#lookSoon();
  }

  /** Put nothing back any more: whoever calls this removes the files, or gives them another name. */
  release(name: string): void {
    this.#kept.delete(name);
  }

  close(): void {
    this.#kept.clear();
    this.#watcher?.close();
    clearInterval(this.#round);
    clearTimeout(this.#settling);
  }

  #watch(): FSWatcher | undefined {
    try {
      const watcher = watch(this.#runDir, { persistent: false }, () => this.#lookSoon());
      watcher.on("error", () => watcher.close());
      return watcher;
    } catch {
      return undefined;
    }
  }

  #lookSoon(): void {
    this.#settling ??= setTimeout(() => {
      this.#settling = undefined;
      this.#lookAtAll();
    }, settleMs).unref();
  }

  #lookAtAll(): void {
    for (const kept of this.#kept.values()) {
      this.#look(kept).catch((error: unknown) => {
        this.#log.warn("files of a running engine are missing and cannot be put back", { instance: kept.name, error });
      });
    }
  }

  async #look(kept: Kept): Promise<void> {
    const { name, files, record } = kept;
    const isKept = () => this.#kept.get(name) === kept && kept.lives();
    if (!isKept()) return;
    const missing = [files.socket, files.record, files.pidFile].filter((path) => inode(path) === undefined);
    if (missing.length === 0) keepSpare(files);
    const canLink = missing.includes(files.socket) && (await isListened(files.spareSocket));
    // It may have been stopped in the meantime, and then nothing of it is to be left.
    if (!isKept()) return;
    if (record !== undefined && missing.some((path) => path !== files.socket)) writeRecord(files, record);
    if (canLink) linkAgain(files);
    const restored = missing.filter((path) => inode(path) !== undefined);
    if (restored.length > 0) {
      this.#log.warn("something removed files of a running engine, and they were put back", {
        instance: name,
        restored,
      });
    }
  }
}

/** Give an engine its socket back that was removed while nobody kept it, if its dockerd still listens there. */
export async function reconnect(files: RuntimeFiles): Promise<void> {
  if (inode(files.socket) === undefined && (await isListened(files.spareSocket))) linkAgain(files);
}

function keepSpare({ socket, spareSocket }: RuntimeFiles): void {
  const present = inode(socket);
  if (present === undefined || present === inode(spareSocket)) return;
  rmSync(spareSocket, { force: true });
  linkSync(socket, spareSocket);
}

function linkAgain({ socket, spareSocket }: RuntimeFiles): void {
  try {
    linkSync(spareSocket, socket);
  } catch (error) {
    // dockerd made it in the meantime.
    if (!hasErrno(error, "EEXIST")) throw error;
  }
}

function inode(path: string): number | undefined {
  return statSync(path, { throwIfNoEntry: false })?.ino;
}

/** Whether a process accepts connections there: the socket of a dockerd that has ended stays as a file. */
function isListened(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.on("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.on("error", () => resolve(false));
  });
}
