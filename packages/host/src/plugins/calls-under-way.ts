import { randomUUID } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { Log } from "@dockersnap/core";
import { identify, killProcess } from "../process/identity.ts";
import { signalGroup } from "./process-group.ts";

/** In the environment of a plugin's process and of what it starts: the call it was started for. */
export const callVariable = "DOCKERSNAP_CALL";

export interface CallUnderWay {
  readonly id: string;
  /** The plugin has answered; what it left running on purpose may run on. */
  end(): void;
}

/**
 * Calls of plugins, written down for as long as they last. A plugin outlives a daemon that is killed and would work on at
 * what the next daemon takes back; from these files that one knows which to end.
 */
export class CallsUnderWay {
  readonly #dir: string | undefined;
  readonly #log: Log;

  /** Without a folder nothing is written down. */
  constructor(dir: string | undefined, log: Log) {
    this.#dir = dir;
    this.#log = log;
  }

  begin(): CallUnderWay {
    const id = randomUUID();
    if (this.#dir === undefined) return { id, end: () => undefined };
    const file = join(this.#dir, id);
    mkdirSync(this.#dir, { recursive: true, mode: 0o700 });
    writeFileSync(file, "", { mode: 0o600 });
    return { id, end: () => rmSync(file, { force: true }) };
  }

  /** Kill what an earlier daemon's calls left running. To be done before the first call of this one. */
  async endAbandoned(): Promise<void> {
    if (this.#dir === undefined) return;
    const abandoned = new Set(readNames(this.#dir));
    if (abandoned.size === 0) return;
    for (const pid of (await readdir("/proc")).map(Number).filter(Number.isInteger)) {
      const call = callOf(pid);
      if (call === undefined || !abandoned.has(call)) continue;
      const found = identify(pid);
      if (found === undefined) continue;
      this.#log.warn("ending a plugin's process that outlived its daemon", { pid });
      // First the group it leads, if it does: of those in it some may have an environment of their own making.
      signalGroup(pid, "SIGKILL");
      killProcess(found, "SIGKILL");
    }
    for (const call of abandoned) rmSync(join(this.#dir, call), { force: true });
  }
}

function readNames(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return [];
    throw error;
  }
}

function callOf(pid: number): string | undefined {
  try {
    const entries = readFileSync(`/proc/${pid}/environ`, "utf8").split("\0");
    return entries.find((entry) => entry.startsWith(`${callVariable}=`))?.slice(callVariable.length + 1);
  } catch {
    // It ended meanwhile, or the kernel has it.
    return undefined;
  }
}
