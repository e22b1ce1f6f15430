import { readdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Charged, Copies } from "./copies.ts";
import { entries, syncDirectory } from "./directory.ts";
import { exchangeTrees } from "./exchange.ts";
import { moveTree } from "./file-flags.ts";
import type { OwnFolder } from "./own-folder.ts";
import type { Doomed, Removal } from "./removal.ts";
import { isSubvolume, kindOf } from "./subvolume.ts";

/** Who keeps account of what each tree writes, by its dataset. */
interface TreeAccount {
  /** What makes a new tree the one that is charged. */
  charged(dataset: string): Promise<Charged>;
  leave(dataset: string, tree: string): Promise<void>;
  /** Do something that is charged as a write is, and has to succeed. */
  unbounded<T>(dataset: string, work: () => Promise<T>): Promise<T>;
}

interface SwapParts {
  readonly own: OwnFolder;
  /** The folder that datasets are in. */
  readonly instances: string;
  readonly copies: Copies;
  readonly removal: Removal;
  readonly account: TreeAccount;
}

/**
 * Puts a snapshot in the place of a dataset's tree. The new tree waits in a folder of the driver's own, as `<id>.new`, and
 * changes places with the old one in one step, so that a dataset has a whole tree at any time. Whatever a killed swap leaves,
 * `finish` brings to an end.
 */
export class Swap {
  readonly #parts: SwapParts;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(parts: SwapParts) {
    this.#parts = parts;
  }

  /** On disk when it resolves. When it rejects, the tree is as before, or `finish` makes it so. */
  async replace(id: string, snapshot: string): Promise<void> {
    const { place, fresh } = this.#paths(id);
    const { copies, account } = this.#parts;
    await this.finish(id);
    try {
      await copies.makeTree(snapshot, fresh, await account.charged(id));
      await this.#moving(id, async () => {
        if (await isSubvolume(place)) await exchangeTrees(fresh, place);
        else await moveTree(fresh, place);
      });
      await syncDirectory(dirname(place));
    } catch (error) {
      await this.finish(id).catch((left: unknown) => {
        throw new AggregateError([error, left], error instanceof Error ? error.message : String(error));
      });
      throw error;
    }
    await this.finish(id);
  }

  /**
   * Bring a swap that was cut short to an end: what waits is the new tree that was not needed, or the old one after the
   * exchange. A version that swapped in two renames can have left the old tree as `<id>.old`: it goes back to a place that is
   * empty, for that swap has not succeeded.
   */
  async finish(id: string): Promise<void> {
    const { place, fresh, aside } = this.#paths(id);
    const [kind, hasFresh, hasAside] = await Promise.all([kindOf(place), isSubvolume(fresh), isSubvolume(aside)]);
    if (!hasFresh && !hasAside) return;
    const goesBack = hasAside && kind === "absent";
    if (goesBack) await this.#moving(id, () => moveTree(aside, place));
    const rubbish = [...(hasFresh ? [fresh] : []), ...(hasAside && !goesBack ? [aside] : [])];
    // While it still has a number to leave by.
    for (const tree of rubbish) await this.#parts.account.leave(id, tree);
    await this.#parts.removal.remove(rubbish.map((path) => ({ path, what: id })));
  }

  /** What waits of a dataset that is to go, in the order in which it must go. */
  async waiting(id: string): Promise<readonly Doomed[]> {
    const { fresh, aside } = this.#paths(id);
    const doomed = [fresh, aside].map(async (path) => ((await isSubvolume(path)) ? [{ path, what: id }] : []));
    return (await Promise.all(doomed)).flat();
  }

  /** Datasets with anything of theirs waiting. */
  async unfinished(): Promise<readonly string[]> {
    const names = await entries(this.#parts.own.swap);
    return [...new Set(names.flatMap((name) => /^(.+)\.(?:old|new)$/.exec(name)?.[1] ?? []))];
  }

  /** Datasets whose tree is there, in its place or waiting for a moment beside it. */
  async present(): Promise<readonly string[]> {
    const { own, instances } = this.#parts;
    return this.#alone(async () => {
      const [placed, waiting] = await Promise.all([readdir(instances), entries(own.swap)]);
      const old = waiting.filter((name) => name.endsWith(".old"));
      const trees = [
        ...placed.map((name) => ({ id: name, path: join(instances, name) })),
        ...old.map((name) => ({ id: name.slice(0, -".old".length), path: join(own.swap, name) })),
      ];
      const real = await Promise.all(trees.map(async ({ id, path }) => ((await isSubvolume(path)) ? [id] : [])));
      return [...new Set(real.flat())];
    });
  }

  #paths(id: string) {
    const { instances, own } = this.#parts;
    return { place: join(instances, id), fresh: join(own.swap, `${id}.new`), aside: join(own.swap, `${id}.old`) };
  }

  /** To take a flag from a tree, so that it can be moved, is charged to it. */
  #moving(id: string, work: () => Promise<void>): Promise<void> {
    return this.#parts.account.unbounded(id, () => this.#alone(work));
  }

  /** Renames and listings in turn: a listing during a rename can miss the tree under both names. */
  #alone<T>(work: () => Promise<T>): Promise<T> {
    const mine = this.#turn.then(work);
    this.#turn = mine.catch(() => undefined);
    return mine;
  }
}
