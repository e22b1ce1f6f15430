import { closeSync, constants, openSync, writeSync } from "node:fs";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openNamelessFile } from "../process/nameless-file.ts";
import { run } from "../process/run.ts";

/** Both ends of one pipe, as descriptors of this process; whoever takes it closes them. */
export interface Pipe {
  readonly readEnd: number;
  readonly writeEnd: number;
}

const batch = 16;

/**
 * Pipes for what plugins write. What Node gives a child for `pipe` is a socket, and a socket cannot be opened through
 * /dev/stdout or /dev/stderr, which scripts do all the time. Node cannot make a real pipe either, so these are FIFOs whose
 * names are gone before anyone sees them, made in batches because `mkfifo` costs a process.
 */
export class PipeStock {
  readonly #folder: string | undefined;
  readonly #ready: Pipe[] = [];
  #filling: Promise<void> | undefined;

  /** `folder` is there only while names are in it, and is this stock's alone: what another one left in it goes. */
  constructor(folder?: string) {
    this.#folder = folder;
  }

  /** Make the first batch ahead of the first call. */
  async prepare(): Promise<void> {
    if (this.#ready.length === 0) await this.#fill();
  }

  async take(): Promise<Pipe> {
    for (;;) {
      const pipe = this.#ready.pop();
      if (pipe !== undefined) return pipe;
      // Only ever waited for: what was made in the background would be left in the folder when the daemon ends.
      await this.#fill();
    }
  }

  #fill(): Promise<void> {
    this.#filling ??= this.#make().finally(() => {
      this.#filling = undefined;
    });
    return this.#filling;
  }

  async #make(): Promise<void> {
    const folder = await emptyFolder(this.#folder);
    try {
      const names = Array.from({ length: batch }, (_, index) => join(folder, String(index)));
      await run("mkfifo", ["-m", "600", ...names], { timeoutMs: 10_000 });
      for (const name of names) this.#ready.push(openPipe(name));
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }
}

async function emptyFolder(path: string | undefined): Promise<string> {
  if (path === undefined) return mkdtemp(join(tmpdir(), "dockersnap-pipes-"));
  await rm(path, { recursive: true, force: true });
  await mkdir(path, { recursive: true, mode: 0o700 });
  return path;
}

function openPipe(name: string): Pipe {
  // A FIFO opened both ways never waits for its other end, and with it open neither do the two that are kept.
  const both = openSync(name, constants.O_RDWR);
  try {
    return { readEnd: openSync(name, constants.O_RDONLY), writeEnd: openSync(name, constants.O_WRONLY) };
  } finally {
    closeSync(both);
  }
}

/**
 * A descriptor to read `text` from, to be closed by whoever asked. It is a file without a name, in memory where there is
 * room: a plugin may leave it unread, read it twice, or open it as /dev/stdin, and needs no one to feed it.
 */
export function inputFile(text: string): number {
  const file = openNamelessFile();
  try {
    writeSync(file, text);
    return openSync(`/proc/self/fd/${file}`, constants.O_RDONLY);
  } finally {
    closeSync(file);
  }
}
