import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { World } from "./world.ts";

/** What the kernel holds the processes of a control group to, read past the product; no entry where it holds them to nothing. */
export function groupLimits(group: string): { readonly memory?: number; readonly pids?: number } {
  const memory = bound(
    `/sys/fs/cgroup/memory/${group}/memory.limit_in_bytes`,
    `/sys/fs/cgroup/${group}/memory.max`,
    `/sys/fs/cgroup/dockersnap.slice/${group}.service/memory.max`,
  );
  const pids = bound(
    `/sys/fs/cgroup/pids/${group}/pids.max`,
    `/sys/fs/cgroup/${group}/pids.max`,
    `/sys/fs/cgroup/dockersnap.slice/${group}.service/pids.max`,
  );
  return { ...(memory === undefined ? {} : { memory }), ...(pids === undefined ? {} : { pids }) };
}

/** Bytes that may be written into an instance's dataset. */
export function datasetLimit(world: World, name: string): number | undefined {
  const pool = join(world.stateDir, "pool");
  const uuid = execFileSync("findmnt", ["--noheadings", "--output", "UUID", pool], { encoding: "utf8" }).trim();
  const group = BigInt(`0x${createHash("sha256").update(name).digest("hex").slice(0, 12)}`);
  return bound(`/sys/fs/btrfs/${uuid}/qgroups/1_${group}/max_referenced`);
}

/** From the first of these files that is there. No bound is a word, nothing, or the largest number of pages. */
function bound(...files: readonly string[]): number | undefined {
  const file = files.find((path) => existsSync(path));
  const value = file === undefined ? Number.NaN : Number(readFileSync(file, "utf8"));
  return value > 0 && value < 2 ** 62 ? value : undefined;
}
