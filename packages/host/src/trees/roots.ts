import { lstatSync } from "node:fs";
import { Directory } from "./entry.ts";

/** A root that is not there, or not what it was. */
export class Gone extends Error {
  readonly root: string;

  constructor(root: string) {
    super(`${root} is gone`);
    this.root = root;
  }
}

/** The directories that what is compared is in, each opened once and held open. */
export class Roots implements Disposable {
  readonly #opened = new Map<string, Directory>();

  /** Throws `Gone` when there is none. */
  open(path: string): Directory {
    const root = this.#opened.get(path) ?? Directory.open(path);
    if (root === undefined) throw new Gone(path);
    this.#opened.set(path, root);
    return root;
  }

  /** Throws `Gone` when something else is in the place of one. One that was deleted meanwhile is empty by now, whatever was in it. */
  assertSame(): void {
    for (const [path, { stats }] of this.#opened) {
      const now = lstatSync(path, { bigint: true, throwIfNoEntry: false });
      if (now?.ino !== stats.ino || now.dev !== stats.dev) throw new Gone(path);
    }
  }

  [Symbol.dispose](): void {
    for (const root of this.#opened.values()) root[Symbol.dispose]();
  }
}
