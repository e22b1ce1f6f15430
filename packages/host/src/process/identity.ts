import { readFileSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { hasErrno } from "./errno.ts";

/**
 * One particular process. A pid alone names whoever has that number now; together with its start time it names the
 * same process until the machine reboots.
 */
export interface ProcessIdentity {
  readonly pid: number;
  /** Clock ticks from boot to the start of the process. */
  readonly startTime: number;
}

interface Stat {
  readonly state: string;
  readonly startTime: number;
}

/** Who has this pid now; `undefined` when nobody does, or only a zombie that nobody has reaped yet. */
export function identify(pid: number): ProcessIdentity | undefined {
  const stat = readStat(pid);
  return stat === undefined || isOver(stat) ? undefined : { pid, startTime: stat.startTime };
}

/** Whether that very process still runs. A zombie does not. */
export function isAlive(identity: ProcessIdentity): boolean {
  return identify(identity.pid)?.startTime === identity.startTime;
}

/** Resolves when that very process runs no more. Rejects with an `AbortError` when the signal aborts first. */
export async function untilGone(identity: ProcessIdentity, signal: AbortSignal): Promise<void> {
  // The kernel tells of a process's end only to its parent, which need not be this one.
  while (isAlive(identity)) await pause(5, undefined, { signal });
}

/**
 * Send a signal to that very process. False when it is gone already; another process that took over its pid is left
 * alone. Rejection by the kernel (EPERM) is thrown as it comes.
 */
export function killProcess(identity: ProcessIdentity, signal: NodeJS.Signals): boolean {
  if (!isAlive(identity)) return false;
  try {
    // Nothing of ours runs between the check and this call; the pid would have to be reaped and reused within it.
    return process.kill(identity.pid, signal);
  } catch (error) {
    if (hasErrno(error, "ESRCH")) return false;
    throw error;
  }
}

function readStat(pid: number): Stat | undefined {
  if (!Number.isSafeInteger(pid) || pid <= 0) return undefined;
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/stat`, "utf8");
  } catch (error) {
    // ESRCH: the process ended between open and read.
    if (hasErrno(error, "ENOENT", "ESRCH")) {
      return undefined;
    }
    throw error;
  }
  // The second field is the program's name in parentheses, and it may itself hold spaces and parentheses.
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  const state = fields[0];
  const startTime = Number(fields[19]);
  if (state === undefined || !Number.isSafeInteger(startTime)) {
    throw new Error(`/proc/${pid}/stat is not what proc(5) describes: ${text.slice(0, 200)}`);
  }
  return { state, startTime };
}

function isOver({ state }: Stat): boolean {
  return state === "Z" || state === "X";
}
