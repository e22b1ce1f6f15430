import type { CompareRequest, Comparisons, TreeComparer, TreeComparison, TreeSide } from "../../src/content/trees.ts";

/** Folders of text files as a test lays them out, by root and folder. */
export class MemoryTrees implements TreeComparer {
  /** Runs while trees are being compared. */
  meanwhile: () => void = () => undefined;
  /** Folders, by root and folder, that are too deep or too large to be compared to their end. */
  readonly endless = new Set<string>();
  readonly #folders = new Map<string, ReadonlyMap<string, string>>();

  set(root: string, folder: string, files: Readonly<Record<string, string>>): void {
    this.#folders.set(`${root}/${folder}`, new Map(Object.entries(files)));
  }

  async compare({ pairs, bounds }: CompareRequest, signal: AbortSignal): Promise<Comparisons> {
    signal.throwIfAborted();
    await Promise.resolve();
    this.meanwhile();
    const trees = pairs.map(({ from, to }) => this.#compare(from, to, bounds.listedPerTree));
    return { trees, entries: 0, readBytes: 0 };
  }

  #compare(from: TreeSide | undefined, to: TreeSide | undefined, most: number): TreeComparison {
    const [before, after] = [this.#files(from), this.#files(to)];
    const paths =
      from === undefined || to === undefined ? [] : [...new Set([...before.keys(), ...after.keys()])].sort();
    const changes = paths
      .filter((path) => before.get(path) !== after.get(path))
      .map((path) => {
        const [was, is] = [before.get(path), after.get(path)];
        const change = was === undefined ? "added" : is === undefined ? "removed" : "changed";
        return { path, change, kind: "file", bytes: (is ?? was ?? "").length } as const;
      });
    const count = (kind: string) => changes.filter(({ change }) => change === kind).length;
    return {
      ...(from === undefined ? {} : { from: sizeOf(before) }),
      ...(to === undefined ? {} : { to: sizeOf(after) }),
      added: count("added"),
      removed: count("removed"),
      changed: count("changed"),
      changes: changes.slice(0, most),
      incomplete: [from, to].some((side) => side !== undefined && this.endless.has(`${side.root}/${side.folder}`)),
    };
  }

  #files(side: TreeSide | undefined): ReadonlyMap<string, string> {
    return (side === undefined ? undefined : this.#folders.get(`${side.root}/${side.folder}`)) ?? new Map();
  }
}

function sizeOf(files: ReadonlyMap<string, string>) {
  return { files: files.size, bytes: [...files.values()].reduce((sum, text) => sum + text.length, 0) };
}
