import { lstat } from "node:fs/promises";
import { CommandError } from "../process/commandError.ts";
import { hasErrno } from "../process/errno.ts";
import { runTool } from "../process/tool.ts";

/** Inode number of the root directory of every subvolume, and of no other directory. */
export const rootInode = 256;

/** Of the directory that a snapshot has in the place of a subvolume which was nested in its source. */
export const hollowInode = 2;

/** Whether something is at this path, and whether that is a subvolume. */
export async function kindOf(path: string): Promise<"absent" | "subvolume" | "other"> {
  try {
    const entry = await lstat(path);
    return entry.isDirectory() && entry.ino === rootInode ? "subvolume" : "other";
  } catch (error) {
    if (hasErrno(error, "ENOENT")) return "absent";
    throw error;
  }
}

export async function isSubvolume(path: string): Promise<boolean> {
  return (await kindOf(path)) === "subvolume";
}

/** Nothing may be at `path`. In memory only until its directory is synced. `groups` are arguments that have it join some. */
export async function createSubvolume(path: string, groups: readonly string[] = []): Promise<void> {
  await btrfs(["subvolume", "create", ...groups, path]);
}

/** The number btrfs knows the subvolume at this path by. */
export async function rootId(path: string): Promise<number> {
  return Number((await btrfs(["inspect-internal", "rootid", path])).trim());
}

/**
 * Nothing may be at `target`: btrfs would put the snapshot inside of it. On disk when it resolves, for the kernel commits
 * to take it. Subvolumes nested in `source` are empty directories in the snapshot, with `hollowInode`.
 */
export async function snapshotSubvolume(
  source: string,
  target: string,
  access: "read-only" | "writable",
  groups: readonly string[] = [],
): Promise<void> {
  await btrfs(["subvolume", "snapshot", ...(access === "read-only" ? ["-r"] : []), ...groups, source, target]);
}

/**
 * Have the space of deleted subvolumes given back now, and wait up to ten seconds for it. By itself btrfs begins with
 * that at its next periodic commit, half a minute later.
 */
export async function reclaimSpace(mount: string): Promise<void> {
  await syncFilesystem(mount);
  try {
    await runTool("btrfs", ["subvolume", "sync", mount], { timeoutMs: 10_000 });
  } catch (error) {
    if (!(error instanceof CommandError) || error.reason !== "timeout") throw error;
  }
  // What the deletion freed counts as free only once a transaction after it is on disk.
  await syncFilesystem(mount);
}

/** Have everything that was done in this file system on disk. */
export async function syncFilesystem(path: string): Promise<void> {
  await btrfs(["filesystem", "sync", path]);
}

/** Have what is below this directory changed by nobody, or by anybody again. */
export async function setReadOnly(path: string, isReadOnly: boolean): Promise<void> {
  const words = ["-ts", path, "ro", String(isReadOnly)];
  try {
    await btrfs(["property", "set", ...words]);
  } catch (error) {
    if (isReadOnly || !isRefusal(error)) throw error;
    // One that was received from elsewhere is no longer what was sent then, which has to be said.
    await btrfs(["property", "set", "-f", ...words]);
  }
}

/** Whether a program ended by itself and without success. */
export function isRefusal(error: unknown): error is CommandError {
  return error instanceof CommandError && error.reason === "exit";
}

export async function btrfs(args: readonly string[]): Promise<string> {
  return (await runTool("btrfs", args, { timeoutMs: 120_000, maxOutput: 16 * 1_048_576 })).stdout;
}
