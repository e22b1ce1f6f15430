import { access, readdir } from "node:fs/promises";
import { basename } from "node:path";

/** Where the kernel shows the btrfs on this device; undefined when there is none. */
export async function sysfsOf(device: string): Promise<string | undefined> {
  for (const uuid of await readdir("/sys/fs/btrfs")) {
    const folder = `/sys/fs/btrfs/${uuid}`;
    const holds = await access(`${folder}/devices/${basename(device)}`).then(
      () => true,
      () => false,
    );
    if (holds) return folder;
  }
  return undefined;
}
