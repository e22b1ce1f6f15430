import { lstat } from "node:fs/promises";
import { CommandError } from "../process/commandError.ts";
import { hasErrno } from "../process/errno.ts";
import { runTool } from "../process/tool.ts";

/** Inode number of the root directory of every subvolume, and of no other directory. */
export const rootInode = 256;

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
 * to take it. Subvolumes nested in `source` are empty directories in the snapshot.
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
 * Delete subvolumes, each with all that is nested in it, in this order. Their space comes back in the background.
 * In memory only until their directories are synced.
 */
export async function deleteSubvolumes(paths: readonly string[]): Promise<void> {
  if (paths.length === 0) return;
  try {
    await btrfs(["subvolume", "delete", ...paths]);
  } catch (error) {
    if (!(error instanceof CommandError) || error.reason !== "exit") throw error;
    // The kernel refuses a subvolume that others are nested in; a privileged workload can make such.
    for (const path of paths) {
      if (await isSubvolume(path)) await deleteWithNested(path);
    }
  }
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

async function deleteWithNested(path: string): Promise<void> {
  const root = await rootId(path);
  for (const id of nestedIn(root, parseSubvolumes(await btrfs(["subvolume", "list", path])))) {
    await btrfs(["subvolume", "delete", "--subvolid", String(id), path]);
  }
  await btrfs(["subvolume", "delete", path]);
}

interface Subvolume {
  readonly id: number;
  readonly parent: number;
}

/** The lines of `btrfs subvolume list`. */
export function parseSubvolumes(text: string): readonly Subvolume[] {
  return [...text.matchAll(/^ID (\d+) gen \d+ top level (\d+) path /gm)].map(([, id, parent]) => ({
    id: Number(id),
    parent: Number(parent),
  }));
}

/** All below `root`, the deepest first. */
export function nestedIn(root: number, all: readonly Subvolume[]): readonly number[] {
  return all.filter(({ parent }) => parent === root).flatMap(({ id }) => [...nestedIn(id, all), id]);
}

async function btrfs(args: readonly string[]): Promise<string> {
  return (await runTool("btrfs", args, { timeoutMs: 120_000, maxOutput: 16 * 1_048_576 })).stdout;
}
