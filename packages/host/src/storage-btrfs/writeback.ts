import { access, readdir, writeFile } from "node:fs/promises";
import { basename } from "node:path";

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
    for (const uuid of await readdir("/sys/fs/btrfs")) {
      const holds = await access(`/sys/fs/btrfs/${uuid}/devices/${basename(device)}`).then(
        () => true,
        () => false,
      );
      if (!holds) continue;
      // Without the strict limit the bound applies only once the whole machine is short of clean memory.
      await writeFile(`/sys/fs/btrfs/${uuid}/bdi/strict_limit`, "1");
      await writeFile(`/sys/fs/btrfs/${uuid}/bdi/max_bytes`, String(maxDirtyBytes));
      return true;
    }
    return false;
  } catch {
    // It is an optimisation: settling does without it, only slower.
    return false;
  }
}
