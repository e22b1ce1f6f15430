import { access, readdir, readFile } from "node:fs/promises";
import { basename } from "node:path";
import { hasErrno } from "../process/errno.ts";

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

/** The number in one of the kernel's files; undefined where there is no such file. */
export async function readNumber(file: string): Promise<number | undefined> {
  try {
    return Number(await readFile(file, "utf8"));
  } catch (error) {
    if (hasErrno(error, "ENOENT")) return undefined;
    throw error;
  }
}
