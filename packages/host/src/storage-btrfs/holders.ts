/** Who holds an extent: the number of the one that does, or this. */
const several = -1;

/**
 * Which extents of a pool are held by a single tree, with what is nested in it, and which by the trees of a single dataset. Kept as numbers
 * in arrays: there may be a million extents.
 */
export class Holders {
  readonly #places = new Map<number, number>();
  readonly #bytes: number[] = [];
  readonly #trees: number[] = [];
  readonly #datasets: number[] = [];

  /** A tree of a dataset, both by number, holds an extent of so many bytes. */
  add(start: number, bytes: number, tree: number, dataset: number): void {
    const place = this.#places.get(start);
    if (place === undefined) {
      this.#places.set(start, this.#bytes.length);
      this.#bytes.push(bytes);
      this.#trees.push(tree);
      this.#datasets.push(dataset);
      return;
    }
    if (this.#trees[place] !== tree) this.#trees[place] = several;
    if (this.#datasets[place] !== dataset) this.#datasets[place] = several;
  }

  /** Whether more than one tree holds it. */
  isShared(start: number): boolean {
    return this.#trees[this.#places.get(start) ?? -1] === several;
  }

  /** Bytes by the number of the tree that alone holds them. */
  aloneByTree(): ReadonlyMap<number, number> {
    return this.#sums(this.#trees);
  }

  /** Bytes by the number of the dataset that, with its snapshots, alone holds them. */
  aloneByDataset(): ReadonlyMap<number, number> {
    return this.#sums(this.#datasets);
  }

  #sums(holders: readonly number[]): ReadonlyMap<number, number> {
    const sums = new Map<number, number>();
    for (const [place, holder] of holders.entries()) {
      if (holder !== several) sums.set(holder, (sums.get(holder) ?? 0) + (this.#bytes[place] ?? 0));
    }
    return sums;
  }
}
