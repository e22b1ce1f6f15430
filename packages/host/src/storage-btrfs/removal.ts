import { randomBytes } from "node:crypto";
import { rename, rmdir } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import type { SetAside } from "@dockersnap/core";
import { hasErrno } from "../process/errno.ts";
import { deleteTrees } from "./delete-tree.ts";
import { entries, removeIfEmpty, syncDirectory } from "./directory.ts";
import { moveTree } from "./file-flags.ts";
import { holderOf } from "./holder-of.ts";
import type { OwnFolder } from "./own-folder.ts";
import { isSubvolume, kindOf, setReadOnly } from "./subvolume.ts";

/** A tree that is to go, and what it was, for people: a dataset, or a snapshot of one. */
export interface Doomed {
  readonly path: string;
  readonly what: string;
}

/** A snapshot that cannot be moved to another folder waits in its own, under a name no label has. */
const waitingPrefix = ".removed.";

/**
 * Deletes trees. One that the kernel does not delete now, for it is being sent or a swap file in it is in use, is put aside,
 * so that whoever wanted its place has it, and is tried again later.
 */
export class Removal {
  readonly #own: OwnFolder;
  readonly #snapshots: string;
  /** Why each that waits was not deleted the last time, by its path. */
  readonly #reasons = new Map<string, string>();
  #trying: Promise<void> | undefined;

  constructor(own: OwnFolder, snapshots: string) {
    this.#own = own;
    this.#snapshots = snapshots;
  }

  /** Nothing is at the paths any more when it resolves. */
  async remove(doomed: readonly Doomed[]): Promise<void> {
    try {
      await deleteTrees(doomed.map(({ path }) => path));
    } catch (error) {
      for (const tree of doomed) if (await isSubvolume(tree.path)) await this.#putAside(tree, error);
    }
  }

  /** Remove a folder of snapshots, with those that wait in it. One with files that somebody else put there stays. */
  async removeFolder(folder: string): Promise<void> {
    await removeIfEmpty(folder);
    if ((await treesIn(folder)).length > 0) await rename(folder, this.#placeFor(basename(folder)));
  }

  /** Delete what was put aside, as far as that goes by now. Who asks meanwhile gets the one that is under way. */
  async tryAgain(): Promise<void> {
    this.#trying ??= this.#deleteWaiting().finally(() => {
      this.#trying = undefined;
    });
    await this.#trying;
  }

  async list(): Promise<readonly SetAside[]> {
    const waiting = await this.#waiting();
    return Promise.all(
      waiting.map(async (path) => {
        const { what, since } = readName(basename(path));
        return { what, path, since, reason: (await holderOf(path)) ?? this.#reasons.get(path) };
      }),
    );
  }

  async #putAside({ path, what }: Doomed, why: unknown): Promise<void> {
    const place = this.#placeFor(what);
    // One that is read-only is not moved to another folder, and one with a flag against it to no other name.
    const ways = [
      () => rename(path, place),
      async () => {
        await setReadOnly(path, false);
        await moveTree(path, place);
      },
      () => rename(path, join(dirname(path), `${waitingPrefix}${basename(place)}`)),
    ];
    // A snapshot's folder is the driver's own; beside a dataset nothing of ours may lie.
    for (const way of isBelow(path, this.#snapshots) ? ways : ways.slice(0, -1)) {
      const failure = await way().catch((error: unknown) => error);
      if (failure === undefined) return syncDirectory(dirname(path));
      if (hasErrno(failure, "EBUSY")) break;
    }
    throw why;
  }

  #placeFor(what: string): string {
    return join(this.#own.removed, `${what}.${Date.now()}.${randomBytes(4).toString("hex")}`);
  }

  async #deleteWaiting(): Promise<void> {
    for (const path of await this.#waiting()) {
      try {
        await deleteTrees([path]);
      } catch (error) {
        // It is still held, and the list says so.
        this.#reasons.set(path, sentence(error));
      }
    }
    for (const name of await entries(this.#own.removed)) {
      const path = join(this.#own.removed, name);
      if ((await kindOf(path)) === "other") await rmdir(path).catch(unlessHeld);
    }
  }

  /** Trees that were put aside, wherever they are. */
  async #waiting(): Promise<readonly string[]> {
    const removed = (await entries(this.#own.removed)).map((name) => join(this.#own.removed, name));
    const found: string[] = [];
    for (const path of removed) {
      if (await isSubvolume(path)) found.push(path);
      // Folders of snapshots: whatever is in one is to go with it.
      else found.push(...(await treesIn(path)));
    }
    for (const id of await entries(this.#snapshots)) {
      const trees = await treesIn(join(this.#snapshots, id));
      found.push(...trees.filter((path) => basename(path).startsWith(waitingPrefix)));
    }
    return found;
  }
}

async function treesIn(folder: string): Promise<readonly string[]> {
  const found: string[] = [];
  for (const name of await entries(folder)) {
    const path = join(folder, name);
    if (await isSubvolume(path)) found.push(path);
  }
  return found;
}

function readName(name: string): { readonly what: string; readonly since: Date } {
  const [, what = name, since = "0"] = /^(?:\.removed\.)?(.+)\.(\d+)\.[0-9a-f]{8}$/.exec(name) ?? [];
  return { what, since: new Date(Number(since)) };
}

function sentence(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function isBelow(path: string, folder: string): boolean {
  return path.startsWith(`${folder}/`);
}

function unlessHeld(error: unknown): void {
  if (!hasErrno(error, "ENOTEMPTY", "ENOENT")) throw error;
}
