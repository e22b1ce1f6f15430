import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import type { World } from "./world.ts";

/** The host's pid of the process that holds an instance together. */
export async function sandboxPid(world: World, name: string): Promise<number> {
  const { pid_file } = await world.client.instances.get(name);
  return Number(readFileSync(pid_file, "utf8"));
}

/** The host's pid of an instance's dockerd: every engine has the same command line, and its own pid namespace. */
export function dockerdPid(world: World, name: string): number {
  const inside = pidNamespace(readFileSync(join(world.runDir, `${name}.pid`), "utf8").trim());
  const found = readdirSync("/proc").find(
    (pid) => /^\d+$/.test(pid) && commandLine(pid)[0]?.endsWith("dockerd") && pidNamespace(pid) === inside,
  );
  if (found === undefined) throw new Error(`${name} has no dockerd.`);
  return Number(found);
}

/** SIGKILL, and wait until the process is gone. A bare pid would do harm if it were another's by now, so it must live. */
export async function killAndWait(pid: number): Promise<void> {
  process.kill(pid, "SIGKILL");
  await expect.poll(() => commandLine(String(pid)), { interval: 10, timeout: 10_000 }).toEqual([]);
}

/** Undefined for a process that is gone. */
function pidNamespace(pid: string): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/ns/pid`);
  } catch {
    return undefined;
  }
}

function commandLine(pid: string): string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0").filter(Boolean);
  } catch {
    return [];
  }
}

/** Command lines of the processes that run now and hold these words. */
export function runningWith(words: string): string[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => commandLine(pid).join(" "))
    .filter((line) => line.includes(words));
}
