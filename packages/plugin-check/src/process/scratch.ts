import { mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** The folders of a call; calls come one after another and each finds them empty. */
export interface CallFolders {
  readonly cwd: string;
  readonly tmp: string;
}

/** A folder of this check's own, gone when it is disposed. */
export class Scratch implements Disposable {
  readonly dir: string;
  /** Stands for the folder that snapshots are of. */
  readonly dataRoot: string;
  readonly callFolders: CallFolders;

  constructor() {
    // The path of a socket in here must stay short.
    this.dir = realpathSync(mkdtempSync(join(tmpdir(), "dockersnap-check-")));
    this.dataRoot = this.#folder("data-root");
    this.callFolders = { cwd: this.#folder("work"), tmp: this.#folder("tmp") };
  }

  path(name: string): string {
    return join(this.dir, name);
  }

  /** Take away what a call left in its folders and in the data-root. */
  clear(): void {
    for (const folder of [this.dataRoot, this.callFolders.cwd, this.callFolders.tmp]) {
      rmSync(folder, { recursive: true, force: true });
      mkdirSync(folder);
    }
  }

  #folder(name: string): string {
    const path = join(this.dir, name);
    mkdirSync(path);
    return path;
  }

  [Symbol.dispose](): void {
    rmSync(this.dir, { recursive: true, force: true, maxRetries: 3 });
  }
}

/** What is in a folder, by its path below it; none where the folder itself was taken away. */
export function filesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return [];
    throw error;
  }
}
