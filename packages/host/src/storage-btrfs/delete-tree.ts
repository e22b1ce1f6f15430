import { constants } from "node:fs";
import { open } from "node:fs/promises";
import { dirname } from "node:path";
import { unlock } from "./file-flags.ts";
import { inside, openBelow, pathOf, split } from "./open-below.ts";
import { btrfs, isRefusal, isSubvolume, rootId, setReadOnly } from "./subvolume.ts";
import { destroySubvolume, releaseFromQuotas, type Subvolume, subvolumesBelow } from "./subvolume-list.ts";

/**
 * Delete subvolumes, each with all that is nested in it. Their space comes back in the background. In memory only until
 * their directories are synced. When some cannot be deleted, the others are, and the first failure is thrown.
 */
export async function deleteTrees(paths: readonly string[]): Promise<void> {
  if (paths.length === 0) return;
  try {
    await btrfs(["subvolume", "delete", ...paths]);
  } catch (error) {
    if (!isRefusal(error)) throw error;
    // The kernel refuses one that others are nested in, and one with a flag against it; a workload can make both, and
    // have either at a quota.
    const failures: unknown[] = [];
    for (const path of paths) {
      if (await isSubvolume(path)) await deleteWithNested(path).catch((left: unknown) => failures.push(left));
    }
    if (failures.length > 0) throw failures[0];
  }
}

async function deleteWithNested(path: string): Promise<void> {
  const nested = await subvolumesBelow(path);
  await releaseFromQuotas(dirname(path), [await rootId(path), ...nested.map(({ id }) => id)]);
  const isOuter = (id: number) => nested.some(({ parent }) => parent === id);
  // Nothing can be taken out of one that is read-only.
  if (nested.length > 0) await setReadOnly(path, false);
  for (const one of nested.filter(({ id, isReadOnly }) => isReadOnly && isOuter(id))) {
    await using tree = await openBelow(path, one.path);
    await setReadOnly(pathOf(tree), false);
  }
  for (const one of nested.toReversed()) await destroyNested(path, one);
  await unlocking(
    () => btrfs(["subvolume", "delete", path]),
    () => loosen(path),
  );
}

async function destroyNested(root: string, { id, path }: Subvolume): Promise<void> {
  const { folder, name } = split(path);
  await using place = await openBelow(root, folder);
  await unlocking(
    () => destroySubvolume(pathOf(place), name, id),
    async () => {
      await using tree = await open(inside(place, name), constants.O_DIRECTORY | constants.O_NOFOLLOW);
      await unlock(pathOf(place));
      await loosen(pathOf(tree));
    },
  );
}

/** Flags of a tree that is read-only can only be taken from it once it is not. */
async function loosen(tree: string): Promise<void> {
  await setReadOnly(tree, false);
  await unlock(tree);
}

/** A folder or a tree that must not be changed (chattr +i, +a) keeps its entries and itself from being deleted. */
async function unlocking(work: () => Promise<unknown>, unlockAll: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!isRefusal(error)) throw error;
    await unlockAll();
    await work();
  }
}
