import { readdirSync, readFileSync } from "node:fs";
import { expect } from "vitest";
import type { World } from "./world.ts";

/** The host's pid of the process that holds an instance together. */
export async function sandboxPid(world: World, name: string): Promise<number> {
  const { pid_file } = await world.client.instances.get(name);
  return Number(readFileSync(pid_file, "utf8"));
}

/** The host's pid of an instance's dockerd. */
export function dockerdPid(world: World, name: string): number {
  const found = readdirSync("/proc").find((pid) => {
    if (!/^\d+$/.test(pid)) return false;
    const [program = "", ...words] = commandLine(pid);
    return program.endsWith("dockerd") && words.some((word) => word.startsWith(`${world.runDir}/${name}/`));
  });
  if (found === undefined) throw new Error(`${name} has no dockerd.`);
  return Number(found);
}

/** SIGKILL, and wait until the process is gone. A bare pid would do harm if it were another's by now, so it must live. */
export async function killAndWait(pid: number): Promise<void> {
  process.kill(pid, "SIGKILL");
  await expect.poll(() => commandLine(String(pid)), { interval: 10, timeout: 10_000 }).toEqual([]);
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
