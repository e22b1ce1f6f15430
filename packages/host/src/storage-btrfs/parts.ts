import { lstat, mkdir, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { hasErrno } from "../process/errno.ts";
import { run } from "../process/run.ts";
import { syncFilesystem } from "./subvolume.ts";

/** Copies of a volume with millions of files take minutes; their data is shared and not read. */
const copyTimeoutMs = 1_800_000;

/** Where new parts are made ready and old ones wait to be deleted. Inside the tree: nothing is renamed across subvolumes. */
const stageName = ".dockersnap-parts";

/**
 * Put parts of `tree` back to what they are in `snapshot`, by their paths in it. First all are copied, then each is put in
 * its place by a rename: a failure until then changes nothing. On disk when it resolves.
 */
export async function restoreParts(
  tree: string,
  snapshot: string,
  paths: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  const stage = join(tree, stageName);
  const fresh = (index: number) => join(stage, "new", String(index));
  const aside = (index: number) => join(stage, "old", String(index));
  await clear(stage);
  try {
    for (const part of ["new", "old"]) await mkdir(join(stage, part), { recursive: true, mode: 0o700 });
    for (const [index, path] of paths.entries()) {
      signal.throwIfAborted();
      if (await isThere(join(snapshot, path))) await copy(join(snapshot, path), fresh(index), signal);
    }
    for (const [index, path] of paths.entries()) {
      const place = join(tree, path);
      await renameIfThere(place, aside(index));
      if (!(await isThere(fresh(index)))) continue;
      await mkdir(dirname(place), { recursive: true, mode: 0o710 });
      await rename(fresh(index), place);
    }
    await syncFilesystem(tree);
  } finally {
    await clear(stage);
  }
}

/** Shares the data of files with their originals, and keeps owners, times, links, attributes and whiteouts. */
async function copy(from: string, to: string, signal: AbortSignal): Promise<void> {
  // A file that is not copied on write cannot share its data with one that is; there the data is copied.
  await run("cp", ["--archive", "--reflink=auto", "--no-target-directory", "--", from, to], {
    timeoutMs: copyTimeoutMs,
    signal,
  });
}

async function clear(stage: string): Promise<void> {
  await rm(stage, { recursive: true, force: true });
}

async function renameIfThere(from: string, to: string): Promise<void> {
  try {
    await rename(from, to);
  } catch (error) {
    if (!hasErrno(error, "ENOENT")) throw error;
  }
}

async function isThere(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return true;
  } catch (error) {
    if (hasErrno(error, "ENOENT", "ENOTDIR")) return false;
    throw error;
  }
}
