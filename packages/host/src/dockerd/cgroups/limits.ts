import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DockersnapError, type Limits } from "@dockersnap/contract/words";
import type { Hierarchies } from "./hierarchies.ts";

/** Microseconds over which CPU time is handed out; the kernel's own default. */
const cpuPeriodUs = 100_000;
/** The kernel refuses a smaller share per period. */
const leastCpuQuotaUs = 1_000;

interface Setting {
  readonly controller: string;
  /** File and value, in the order they have to be written. */
  readonly legacy: readonly (readonly [string, string])[];
  readonly unified: readonly (readonly [string, string])[];
}

function settings({ memory, cpus, pids }: Limits): readonly Setting[] {
  const wanted: Setting[] = [];
  if (memory !== undefined) {
    const bytes = String(memory);
    wanted.push({
      controller: "memory",
      legacy: [["memory.limit_in_bytes", bytes]],
      unified: [["memory.max", bytes]],
    });
  }
  if (cpus !== undefined) {
    const quota = String(Math.max(leastCpuQuotaUs, Math.round(cpus * cpuPeriodUs)));
    wanted.push({
      controller: "cpu",
      legacy: [
        ["cpu.cfs_period_us", String(cpuPeriodUs)],
        ["cpu.cfs_quota_us", quota],
      ],
      unified: [["cpu.max", `${quota} ${cpuPeriodUs}`]],
    });
  }
  if (pids !== undefined) {
    const most: readonly [string, string] = ["pids.max", String(pids)];
    wanted.push({ controller: "pids", legacy: [most], unified: [most] });
  }
  return wanted;
}

/** Bound the group at `path`. `internal` where this machine has no controller for a limit: a bound is never left out. */
export async function applyLimits(hierarchies: Hierarchies, path: string, limits: Limits): Promise<void> {
  for (const { controller, legacy, unified } of settings(limits)) {
    const hierarchy = hierarchies.legacy.find(({ controllers }) => controllers.includes(controller));
    const root = hierarchy?.mountPoint ?? hierarchies.unified ?? "/sys/fs/cgroup";
    for (const [file, value] of hierarchy === undefined ? unified : legacy) {
      try {
        await writeFile(join(root, path, file), value);
      } catch (error) {
        throw new DockersnapError(
          "internal",
          `The limit on ${controller} could not be set: ${join(root, path, file)} does not take ${value}. Enable the ${controller} control group controller on this host, or leave the limit out.`,
          { cause: error },
        );
      }
    }
  }
}
