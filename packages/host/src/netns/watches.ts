import { type FSWatcher, statSync, watch } from "node:fs";
import type { Log } from "@dockersnap/core";
import { hasErrno } from "../process/errno.ts";

/** Watches of folders and files, in groups that are told of together. */
export class FolderWatches {
  readonly #log: Log;
  readonly #groups = new Map<string, Map<string, FSWatcher>>();
  #isRefused = false;

  constructor(log: Log) {
    this.#log = log;
  }

  /** Watch these paths, and only these, for the group. What is not there is not watched. */
  set(group: string, paths: readonly string[], changed: () => void): void {
    const present = this.#groups.get(group) ?? new Map<string, FSWatcher>();
    this.#groups.set(group, present);
    for (const [path, watcher] of present) {
      if (paths.includes(path)) continue;
      watcher.close();
      present.delete(path);
    }
    for (const path of paths) {
      if (present.has(path)) continue;
      const watcher = this.#watch(path, (event) => {
        // A watch stays with a file that another one took the place of.
        if (event === "rename") this.#drop(present, path);
        changed();
      });
      if (watcher !== undefined) present.set(path, watcher);
    }
  }

  close(): void {
    for (const group of this.#groups.values()) for (const watcher of group.values()) watcher.close();
    this.#groups.clear();
  }

  #drop(group: Map<string, FSWatcher>, path: string): void {
    if (!statSync(path, { throwIfNoEntry: false })?.isDirectory()) {
      group.get(path)?.close();
      group.delete(path);
    }
  }

  #watch(path: string, changed: (event: string) => void): FSWatcher | undefined {
    try {
      const watcher = watch(path, { persistent: false }, changed);
      watcher.on("error", () => changed("rename"));
      return watcher;
    } catch (error) {
      if (!hasErrno(error, "ENOENT") && !this.#isRefused) {
        this.#isRefused = true;
        this.#log.warn("a folder cannot be watched, so it is looked at every minute", { path, error });
      }
      return undefined;
    }
  }
}
