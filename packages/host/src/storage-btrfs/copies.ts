import { randomBytes } from "node:crypto";
import { type FileHandle, lstat, mkdir, rename, rm, rmdir, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import type { HoldStill } from "@dockersnap/core";
import pLimit from "p-limit";
import { hasErrno } from "../process/errno.ts";
import { runTool } from "../process/tool.ts";
import { deleteTrees } from "./delete-tree.ts";
import { entries, removeIfEmpty } from "./directory.ts";
import { moveSnapshot, moveTree, whileUnlocked } from "./file-flags.ts";
import { inside, openBelow, pathOf, split } from "./open-below.ts";
import type { OwnFolder } from "./own-folder.ts";
import { hollowInode, rootInode, setReadOnly, snapshotSubvolume, syncFilesystem } from "./subvolume.ts";
import { type Subvolume, subvolumesBelow, takeAndList } from "./subvolume-list.ts";

/** Snapshots that are taken side by side share transactions. */
const atOnce = 8;

/** A subvolume that is nested in a tree, and a writable snapshot of it that is not in its place yet. */
interface NestedCopy {
  readonly source: Subvolume;
  readonly copy: string;
}

/** A subvolume that is nested in a snapshot, and where in a tree its copy is to be. */
export interface NestedMove {
  readonly source: Subvolume;
  readonly path: Buffer;
}

/** Who is charged for what is written into a new tree. */
export interface Charged {
  /** Arguments with which a tree joins as it is made. */
  readonly joining: readonly string[];
  /** Have the trees that are whole join. */
  join(tree: string): Promise<void>;
}

/**
 * Snapshots of trees together with the subvolumes nested in them. The kernel takes a snapshot of one subvolume and leaves an
 * empty directory for each that is nested in it; snapshots of those are put in their places.
 */
export class Copies {
  readonly #own: OwnFolder;

  constructor(own: OwnFolder) {
    this.#own = own;
  }

  /**
   * A read-only snapshot of a tree, at a path whose folder is the driver's own. A tree with nothing nested in it is as quick
   * as the kernel; one with is held still while all of it is taken. Nothing is at `target` until it is whole.
   */
  async takeMoment(tree: string, target: string, still: HoldStill): Promise<void> {
    if ((await takeAndList(tree, target)).length === 0) return;
    await deleteTrees([target]);
    await this.#takeCompound(tree, target, still);
  }

  /** A writable copy of a snapshot. What was read-only in the tree that it was taken of is so again. */
  async makeTree(snapshot: string, target: string, charged: Charged): Promise<void> {
    const nested = await subvolumesBelow(snapshot);
    if (nested.length === 0) return snapshotSubvolume(snapshot, target, "writable", charged.joining);
    await this.#making(async (folder) => {
      const root = join(folder, "root");
      await snapshotSubvolume(snapshot, root, "writable");
      const copies = await copyNested(snapshot, nested, folder);
      await putInPlace(root, copies);
      const readOnly = new Set(await entries(this.#own.readOnly));
      await protect(
        root,
        nested.filter(({ id }) => readOnly.has(String(id))),
      );
      // A tree at its quota takes no changes, not even these.
      await charged.join(root);
      await moveTree(root, target);
    });
  }

  /**
   * Writable copies of subvolumes that are nested in a snapshot, each put at its path in a tree; those within others come
   * after them. Resolves with those that are to be read-only.
   */
  async putNested(snapshot: string, tree: string, moves: readonly NestedMove[]): Promise<readonly NestedMove[]> {
    if (moves.length === 0) return [];
    const sources = moves.map(({ source }) => source);
    await this.#making(async (folder) => {
      const copies = new Map(
        (await copyNested(snapshot, sources, folder)).map(({ source, copy }) => [source.id, copy]),
      );
      for (const { source, path } of moves) {
        const place = split(path);
        await using around = await openBelow(tree, place.folder);
        await intoPlace(around, place.name, copies.get(source.id) ?? "");
      }
    });
    const readOnly = new Set(await entries(this.#own.readOnly));
    return moves.filter(({ source }) => readOnly.has(String(source.id)));
  }

  /** Take subvolumes that are nested in a tree out of it, each to a path of the driver's own for `use`. */
  async takeOut(tree: string, nested: readonly Subvolume[], use: (path: string) => Promise<void>): Promise<void> {
    if (nested.length === 0) return;
    await this.#making(async (folder) => {
      for (const { id, path } of nested) {
        const place = split(path);
        await using around = await openBelow(tree, place.folder);
        await using taken = await openBelow(tree, path);
        const target = join(folder, String(id));
        await setReadOnly(pathOf(taken), false);
        await whileUnlocked(pathOf(around), () =>
          whileUnlocked(pathOf(taken), () => rename(inside(around, place.name), target)),
        );
        await use(target);
      }
    });
  }

  /** Delete what a daemon that was killed had begun, and forget what was kept of snapshots that are gone. */
  async tidy(pool: string, snapshots: string): Promise<void> {
    for (const folder of (await entries(snapshots)).map((id) => join(snapshots, id))) {
      for (const name of (await entries(folder)).filter((one) => one.startsWith(unfinishedPrefix))) {
        await discard(join(folder, name)).catch(leftForLater);
      }
      await removeIfEmpty(folder);
    }
    const kept = await entries(this.#own.readOnly);
    if (kept.length > 0) {
      const there = new Set((await subvolumesBelow(pool)).map(({ id }) => String(id)));
      for (const id of kept) if (!there.has(id)) await rm(join(this.#own.readOnly, id), { force: true });
    }
    for (const name of await entries(this.#own.making)) {
      await discard(join(this.#own.making, name)).catch(leftForLater);
    }
  }

  async #takeCompound(tree: string, target: string, still: HoldStill): Promise<void> {
    // Beside its place: a tree that is read-only can get another name in its folder, but into no other one.
    const root = join(dirname(target), `${unfinishedPrefix}${basename(target)}`);
    await discard(root);
    await syncFilesystem(tree);
    await this.#making(async (folder) => {
      try {
        await this.#takeInto(folder, tree, root, still);
        await moveSnapshot(root, target);
      } finally {
        await discard(root);
      }
    });
  }

  async #takeInto(folder: string, tree: string, root: string, still: HoldStill): Promise<void> {
    const copies = await holding(still, async () => {
      const nested = await subvolumesBelow(tree);
      const copying = copyNested(tree, nested, folder);
      await allOver([copying, snapshotSubvolume(tree, root, "writable")]);
      return copying;
    });
    await putInPlace(root, copies);
    await this.#remember(root, copies);
    await protect(
      root,
      copies.map(({ source }) => source),
    );
    await setReadOnly(root, true);
  }

  async #remember(root: string, copies: readonly NestedCopy[]): Promise<void> {
    const readOnly = new Set(copies.flatMap(({ source }) => (source.isReadOnly ? [source.uuid] : [])));
    for (const { id, origin } of await subvolumesBelow(root)) {
      if (readOnly.has(origin ?? "")) await writeFile(join(this.#own.readOnly, String(id)), "", { mode: 0o600 });
    }
  }

  /** With a folder for copies that are not in their places yet, of which none is left afterwards. */
  async #making(work: (folder: string) => Promise<void>): Promise<void> {
    const folder = join(this.#own.making, randomBytes(8).toString("hex"));
    await mkdir(folder, { mode: 0o700 });
    try {
      await work(folder);
    } finally {
      await discard(folder);
    }
  }
}

/** Names in a folder of snapshots that are not whole yet; no label begins so. */
const unfinishedPrefix = ".making.";

/** Writable snapshots of subvolumes that are nested in a tree, in a folder where they wait to be put in place. */
async function copyNested(tree: string, nested: readonly Subvolume[], folder: string): Promise<readonly NestedCopy[]> {
  const limit = pLimit(atOnce);
  const copies = nested.map((source) => ({ source, copy: join(folder, String(source.id)) }));
  await allOver(
    copies.map(({ source, copy }) =>
      limit(async () => {
        await using handle = await openBelow(tree, source.path);
        await snapshotSubvolume(pathOf(handle), copy, "writable");
      }),
    ),
  );
  return copies;
}

/** The first failure is thrown once nothing goes on any more: what is cleared away then does not come after that. */
async function allOver(works: readonly Promise<unknown>[]): Promise<void> {
  for (const end of await Promise.allSettled(works)) if (end.status === "rejected") throw end.reason;
}

/** Put copies into the places of the empty directories that the snapshot at `root` has for their sources. */
async function putInPlace(root: string, copies: readonly NestedCopy[]): Promise<void> {
  for (const { source, copy } of copies) {
    const { folder, name } = split(source.path);
    await using place = await openBelow(root, folder);
    const hollow = inside(place, name);
    const { ino } = await lstat(hollow);
    if (ino !== hollowInode) throw new Error(`Subvolume ${source.id} was moved while a snapshot was taken`);
    await intoPlace(place, name, copy);
  }
  // What the kernel says they are copies of: nothing else came there by a mount or a name in the way.
  const origins = new Set((await subvolumesBelow(root)).map(({ path, origin }) => `${path.toString("hex")} ${origin}`));
  for (const { source } of copies) {
    if (origins.has(`${source.path.toString("hex")} ${source.uuid}`)) continue;
    throw new Error(`Subvolume ${source.id} was replaced while a snapshot was taken`);
  }
}

/** Put a copy into a folder, in the place of an empty directory there. */
async function intoPlace(place: FileHandle, name: Buffer, copy: string): Promise<void> {
  const target = inside(place, name);
  await keepingTime(
    pathOf(place),
    async () => {
      await rmdir(target).catch(absent);
      await rename(copy, target);
    },
    copy,
  );
}

/** Make subvolumes nested in a tree read-only, those within others first. */
export async function protect(root: string, nested: readonly Pick<Subvolume, "path">[]): Promise<void> {
  for (const { path } of nested.toReversed()) {
    await using tree = await openBelow(root, path);
    await setReadOnly(pathOf(tree), true);
  }
}

/** Move `tree` into a directory, whose time of change, to the nanosecond, and flags are as before, as are the tree's. */
async function keepingTime(directory: string, work: () => Promise<void>, tree: string): Promise<void> {
  const { mtimeNs } = await lstat(`${directory}/.`, { bigint: true });
  const change = async () => {
    await work();
    await runTool("touch", ["-m", "-c", "-d", `@${inSeconds(mtimeNs)}`, `${directory}/.`]);
  };
  try {
    await change();
  } catch (error) {
    if (!hasErrno(error, "EPERM")) throw error;
    await using moved = await openBelow(tree, Buffer.alloc(0));
    await whileUnlocked(directory, () => whileUnlocked(pathOf(moved), change));
  }
}

function inSeconds(nanoseconds: bigint): string {
  const [sign, size] = nanoseconds < 0n ? ["-", -nanoseconds] : ["", nanoseconds];
  return `${sign}${size / 1_000_000_000n}.${String(size % 1_000_000_000n).padStart(9, "0")}`;
}

async function holding<T>(still: HoldStill, work: () => Promise<T>): Promise<T> {
  await using _held = await still();
  return work();
}

/** Delete a tree, or a folder with trees in it. */
async function discard(path: string): Promise<void> {
  const { ino } = (await lstat(path).catch(absent)) ?? {};
  if (ino === undefined) return;
  if (ino === rootInode) return deleteTrees([path]);
  await deleteTrees((await entries(path)).map((name) => join(path, name)));
  await rmdir(path);
}

/** What cannot be deleted now must not keep a pool from being used; the next daemon tries again. */
function leftForLater(): void {}

function absent(error: unknown): undefined {
  if (hasErrno(error, "ENOENT")) return undefined;
  throw error;
}
