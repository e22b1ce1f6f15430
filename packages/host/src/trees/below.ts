import { type Directory, type Entry, isWhiteout } from "./entry.ts";

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

  find(name: string | Buffer): Found | undefined {
    for (const directory of this.#all()) {
      const entry = directory.entry(name);
      if (entry !== undefined) return isWhiteout(entry) ? undefined : { ...entry, directory, name };
    }
    return undefined;
  }

  directory(name: string | Buffer): Below {
    return new Below(this.isLayered, () => {
      const directories: Directory[] = [];
      for (const above of this.#all()) {
        const entry = above.entry(name);
        if (entry === undefined) continue;
        // Anything else hides what lies further below.
        if (entry.kind !== "directory") break;
        const opened = above.directory(name);
        if (opened !== undefined) directories.push(opened);
      }
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
