import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { isMissing } from "./event-file.ts";
import { type Hierarchies, homeOf } from "./hierarchies.ts";

/** How far an engine is and how hard it works, by its control group at one moment. */
export interface EngineActivity {
  /** Containers that have a control group, which they have from their start to their end. */
  readonly containers: number;
  /** Processor time that dockerd, containerd and the shims took so far. */
  readonly cpuSeconds: number;
  /** Processors that the whole engine may take; undefined without a limit. */
  readonly cpus: number | undefined;
}

export async function readActivity(hierarchies: Hierarchies, path: string): Promise<EngineActivity> {
  const cpuacct = homeOf(hierarchies, "cpuacct");
  const cpu = homeOf(hierarchies, "cpu");
  const [entries, spent, quota, period] = await Promise.all([
    orElse(readdir(join(cpu.root, path, "containers"), { withFileTypes: true }), []),
    orElse(readFile(join(cpuacct.root, path, "engine", cpuacct.isLegacy ? "cpuacct.usage" : "cpu.stat"), "utf8"), ""),
    orElse(readFile(join(cpu.root, path, cpu.isLegacy ? "cpu.cfs_quota_us" : "cpu.max"), "utf8"), ""),
    cpu.isLegacy ? orElse(readFile(join(cpu.root, path, "cpu.cfs_period_us"), "utf8"), "") : "",
  ]);
  return {
    containers: entries.filter((entry) => entry.isDirectory()).length,
    cpuSeconds: cpuacct.isLegacy ? Number(spent) / 1e9 : Number(/^usage_usec (\d+)$/m.exec(spent)?.[1] ?? 0) / 1e6,
    cpus: share(`${quota.trim()} ${period.trim()}`),
  };
}

/** Of "<quota> <period>"; a quota of -1 or `max` is none. */
function share(text: string): number | undefined {
  const [quota = Number.NaN, period = Number.NaN] = text.split(" ").map(Number);
  return quota > 0 && period > 0 ? quota / period : undefined;
}

/** A machine that does not count something, or a group that is not there yet, has nothing to tell of it. */
async function orElse<T>(reading: Promise<T>, otherwise: T): Promise<T> {
  try {
    return await reading;
  } catch (error) {
    if (isMissing(error)) return otherwise;
    throw error;
  }
}
