import { writeFile } from "node:fs/promises";
import { sysfsOf } from "./sysfs.ts";

/**
 * What may be dirty in the pool at once; what is dirty is written out inside the atomic step of a snapshot. The kernel
 * keeps it as a share of the memory that may be dirty at all, so it follows that memory up and down.
 */
const maxDirtyBytes = 64 * 1024 * 1024;

/**
 * Bound how much unwritten data the kernel keeps for the btrfs on this device, so that a snapshot under writers at full
 * speed stays short. False where the kernel has no such bound (before 6.2) or does not let us set it.
 */
export async function boundDirtyData(device: string): Promise<boolean> {
  try {
    const folder = await sysfsOf(device);
    if (folder === undefined) return false;
    // Without the strict limit the bound applies only once the whole machine is short of clean memory.
    await writeFile(`${folder}/bdi/strict_limit`, "1");
    await writeFile(`${folder}/bdi/max_bytes`, String(maxDirtyBytes));
    return true;
  } catch {
    // It is an optimisation: settling does without it, only slower.
    return false;
  }
}
