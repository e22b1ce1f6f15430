import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { EngineUse } from "@dockersnap/core";
import { type Hierarchies, homeOf } from "./hierarchies.ts";

/** What the processes of the group at `path`, and of those beneath it, take now. */
export async function readUse(hierarchies: Hierarchies, path: string): Promise<EngineUse> {
  const read = (controller: string, legacy: string, unified: string) => {
    const { root, isLegacy } = homeOf(hierarchies, controller);
    return readFile(join(root, path, isLegacy ? legacy : unified), "utf8");
  };
  const [memory, memoryStat, cpu, pids] = await Promise.all([
    read("memory", "memory.usage_in_bytes", "memory.current"),
    read("memory", "memory.stat", "memory.stat"),
    read("cpuacct", "cpuacct.usage", "cpu.stat"),
    read("pids", "pids.current", "pids.current"),
  ]);
  const isNanoseconds = homeOf(hierarchies, "cpuacct").isLegacy;
  return {
    // As `docker stats` counts it: the inactive pages of files are the first the kernel gives up.
    memory: Math.max(
      0,
      Number(memory) - (entry(memoryStat, "total_inactive_file") ?? entry(memoryStat, "inactive_file") ?? 0),
    ),
    cpuSeconds: isNanoseconds ? Number(cpu) / 1e9 : (entry(cpu, "usage_usec") ?? 0) / 1e6,
    pids: Number(pids),
  };
}

function entry(text: string, key: string): number | undefined {
  const found = new RegExp(`^${key} (\\d+)$`, "m").exec(text)?.[1];
  return found === undefined ? undefined : Number(found);
}
