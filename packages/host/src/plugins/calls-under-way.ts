import { randomUUID } from "node:crypto";
import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Log } from "@dockersnap/core";
import { identify, killProcess } from "../process/identity.ts";
import { signalGroup } from "./process-group.ts";

/** In the environment of a plugin's process and of what it starts: the call it was started for. */
export const callVariable = "DOCKERSNAP_CALL";

export interface CallUnderWay {
  readonly id: string;
  /**
   * Kill what the call started, wherever it went: a process in a session of its own is reached by no signal to the plugin's
   * group. One that gave up the environment it was started with is not found.
   */
  endProcesses(): Promise<void>;
  /** The plugin has answered; what it left running on purpose may run on. */
  end(): void;
}

/** Each look may miss what was forked while it went on; nobody forks faster than this many looks for a good reason. */
const looks = 5;

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
    const endProcesses = () => this.#endAll(new Set([id]), "ending a process that a plugin put out of its reach");
    if (this.#dir === undefined) return { id, endProcesses, end: () => undefined };
    const file = join(this.#dir, id);
    mkdirSync(this.#dir, { recursive: true, mode: 0o700 });
    writeFileSync(file, "", { mode: 0o600 });
    return { id, endProcesses, end: () => rmSync(file, { force: true }) };
  }

  /** Kill what an earlier daemon's calls left running. To be done before the first call of this one. */
  async endAbandoned(): Promise<void> {
    if (this.#dir === undefined) return;
    const abandoned = new Set(readNames(this.#dir));
    if (abandoned.size === 0) return;
    await this.#endAll(abandoned, "ending a plugin's process that outlived its daemon");
    for (const call of abandoned) rmSync(join(this.#dir, call), { force: true });
  }

  async #endAll(calls: ReadonlySet<string>, remark: string): Promise<void> {
    for (let look = 0; look < looks; look += 1) {
      if (!(await this.#endFound(calls, remark))) return;
    }
  }

  /** Whether any was there. */
  async #endFound(calls: ReadonlySet<string>, remark: string): Promise<boolean> {
    let isAny = false;
    for (const pid of (await readdir("/proc")).map(Number).filter(Number.isInteger)) {
      const found = identify(pid);
      if (found === undefined) continue;
      const call = await callOf(pid);
      if (call === undefined || !calls.has(call)) continue;
      isAny = true;
      this.#log.warn(remark, { pid });
      // First the group it leads, if it does: of those in it some may have an environment of their own making.
      signalGroup(pid, "SIGKILL");
      killProcess(found, "SIGKILL");
    }
    return isAny;
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

async function callOf(pid: number): Promise<string | undefined> {
  try {
    const entries = (await readFile(`/proc/${pid}/environ`, "utf8")).split("\0");
    return entries.find((entry) => entry.startsWith(`${callVariable}=`))?.slice(callVariable.length + 1);
  } catch {
    // It ended meanwhile, or the kernel has it.
    return undefined;
  }
}
