import { readdirSync, readFileSync } from "node:fs";
import { callVariable, identify, killProcess } from "@dockersnap/host/plugins";

export interface Leftover {
  readonly pid: number;
  readonly name: string;
}

/** End what a call left running and answer with what that was. Found by the environment processes pass on. */
export function endLeftovers(call: string): Leftover[] {
  const left: Leftover[] = [];
  for (const pid of readdirSync("/proc").map(Number).filter(Number.isInteger)) {
    if (!belongsTo(pid, call)) continue;
    const found = identify(pid);
    if (found === undefined) continue;
    left.push({ pid, name: nameOf(pid) });
    killProcess(found, "SIGKILL");
  }
  return left;
}

function belongsTo(pid: number, call: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/environ`, "utf8").split("\0").includes(`${callVariable}=${call}`);
  } catch {
    // It ended meanwhile, or it is another's.
    return false;
  }
}

function nameOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/comm`, "utf8").trim();
  } catch {
    return "a process";
  }
}
