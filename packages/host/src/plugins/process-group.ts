import { readdirSync, readFileSync } from "node:fs";

/** Signal every process of a group. False when nobody is left in it. */
export function signalGroup(leader: number, signal: NodeJS.Signals): boolean {
  return kill(leader, signal);
}

/** Whether any process of the group is left, one nobody reaped counting as such. */
export function isGroupAlive(leader: number): boolean {
  return kill(leader, 0);
}

/** Whether any process of the group is left that has not ended: where nobody reaps orphans, a dead one stays in its group. */
export function isGroupRunning(leader: number): boolean {
  return readdirSync("/proc").some((name) => /^\d+$/.test(name) && runsIn(leader, name));
}

function runsIn(leader: number, pid: string): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The name before these fields is in parentheses and may hold some of its own.
    const [state, , group] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return Number(group) === leader && state !== "Z" && state !== "X";
  } catch {
    // It ended meanwhile.
    return false;
  }
}

function kill(leader: number, signal: NodeJS.Signals | 0): boolean {
  try {
    // The number stays a group's as long as anyone is in it, also after the leader itself was reaped.
    return process.kill(-leader, signal);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ESRCH") return false;
    throw error;
  }
}
