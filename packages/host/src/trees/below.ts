import type { Budget } from "./budget.ts";
import { type Directory, type Entry, isWhiteout, type Name } from "./entry.ts";
import { isOpaque } from "./opaque.ts";

/** Something found, and the directory it is in. */
export interface Found extends Entry {
  readonly directory: Directory;
  readonly name: string | Buffer;
}

/** What shines through where an overlay's own folder has nothing: one directory of its lower layers. Opened when asked for. */
export class Below implements Disposable {
  /** Whether there are layers at all, whatever is in them here. */
  readonly isLayered: boolean;
  readonly #open: () => Directory[];
  #directories: Directory[] | undefined;

  /** `open` gives the lower folders, topmost first; they are closed with this. */
  constructor(isLayered: boolean, open: () => Directory[]) {
    this.isLayered = isLayered;
    this.#open = open;
  }

  get isEmpty(): boolean {
    return this.#all().length === 0;
  }

  find(name: string | Buffer): Found | undefined {
    for (const directory of this.#all()) {
      const entry = directory.entry(name);
      if (entry !== undefined) return isWhiteout(entry) ? undefined : { ...entry, directory, name };
    }
    return undefined;
  }

  /** Names of everything in any of the layers, those too that an upper one hides; undefined for too many. */
  names(most: number): Name[] | undefined {
    const lists = this.#all().map((directory) => directory.names(most));
    return lists.includes(undefined) ? undefined : lists.flatMap((names) => names ?? []);
  }

  /** What lies below the directory of that name, `own` in the layers above this. */
  directory(name: string | Buffer, own: Directory | undefined, budget: Budget): Below {
    return new Below(this.isLayered, () => {
      const directories: Directory[] = [];
      // Only what hides something is worth asking about.
      const hides = (above: Directory) =>
        this.find(name)?.kind === "directory" && budget.startProgram() && isOpaque(above);
      if (own !== undefined && hides(own)) return directories;
      for (const above of this.#all()) {
        const entry = above.entry(name);
        if (entry === undefined) continue;
        // Anything else hides what lies further below.
        if (entry.kind !== "directory") break;
        const opened = above.directory(name);
        if (opened !== undefined) directories.push(opened);
      }
      // The lowest one has nothing to hide.
      const last = directories.slice(0, -1).findIndex((one) => budget.startProgram() && isOpaque(one));
      const hidden = last === -1 ? [] : directories.splice(last + 1);
      for (const one of hidden) one[Symbol.dispose]();
      return directories;
    });
  }

  [Symbol.dispose](): void {
    for (const directory of this.#directories ?? []) directory[Symbol.dispose]();
  }

  #all(): readonly Directory[] {
    this.#directories ??= this.#open();
    return this.#directories;
  }
}
