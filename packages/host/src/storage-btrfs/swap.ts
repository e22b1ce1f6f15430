import { readdir, rename } from "node:fs/promises";
import { basename, dirname } from "node:path";
import { syncDirectory } from "./directory.ts";
import { deleteSubvolumes, isSubvolume, kindOf, snapshotSubvolume } from "./subvolume.ts";

/** Who keeps account of what each tree writes, by its dataset. */
interface TreeAccount {
  /** Arguments that make a new tree the one that is charged. */
  joining(dataset: string): Promise<readonly string[]>;
  leave(dataset: string, tree: string): Promise<void>;
}

/**
 * Puts a snapshot in the place of a tree in two renames, with the new tree and the old one waiting beside it as
 * `<path>.new` and `<path>.old`. Whatever a killed swap leaves, `finish` brings to an end.
 */
export class Swap {
  readonly #account: TreeAccount;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(account: TreeAccount) {
    this.#account = account;
  }

  /** On disk when it resolves. When it rejects, the tree is as before, or `finish` makes it so. */
  async replace(path: string, snapshot: string): Promise<void> {
    await this.finish(path);
    try {
      await snapshotSubvolume(snapshot, `${path}.new`, "writable", await this.#account.joining(basename(path)));
      await this.#alone(async () => {
        if (await isSubvolume(path)) await rename(path, `${path}.old`);
        await rename(`${path}.new`, path);
      });
      await syncDirectory(dirname(path));
    } catch (error) {
      await this.finish(path).catch((left: unknown) => {
        throw new AggregateError([error, left], error instanceof Error ? error.message : String(error));
      });
      throw error;
    }
    await this.finish(path);
  }

  /**
   * Bring a swap that was cut short to an end. While the old tree waits beside an empty place, the swap has not
   * succeeded, so it goes back there; once the place is taken again it is rubbish. A new tree that waits is always rubbish.
   */
  async finish(path: string): Promise<void> {
    const [place, fresh, aside] = await Promise.all([
      kindOf(path),
      isSubvolume(`${path}.new`),
      isSubvolume(`${path}.old`),
    ]);
    if (!fresh && !aside) return;
    const goesBack = aside && place === "absent";
    if (goesBack) await this.#alone(() => rename(`${path}.old`, path));
    const rubbish = [...(fresh ? [`${path}.new`] : []), ...(aside && !goesBack ? [`${path}.old`] : [])];
    // While it still has a number to leave by.
    for (const tree of rubbish) await this.#account.leave(basename(path), tree);
    await deleteSubvolumes(rubbish);
  }

  /** What is in the directory the trees are in. A tree waiting as `.old` may be listed, or both its names, but never none. */
  async names(directory: string): Promise<readonly string[]> {
    return this.#alone(() => readdir(directory));
  }

  /** Renames and listings in turn: a listing during a rename can miss the tree under both names. */
  #alone<T>(work: () => Promise<T>): Promise<T> {
    const mine = this.#turn.then(work);
    this.#turn = mine.catch(() => undefined);
    return mine;
  }
}
