import { constants } from "node:fs";
import { type FileHandle, open, readdir, rename, rm, writeFile } from "node:fs/promises";
import { hasErrno } from "../process/errno.ts";

const { O_DIRECTORY, O_NOFOLLOW, O_NONBLOCK, O_RDONLY } = constants;

/**
 * An open directory of a tree that others may change while it is read. What is in it is reached through its descriptor, one
 * name at a time and never through a link, so nothing outside of the tree is ever reached.
 */
export class Folder implements AsyncDisposable {
  readonly #handle: FileHandle;

  private constructor(handle: FileHandle) {
    this.#handle = handle;
  }

  /** Undefined when there is no such directory. Links before the last name of `path` are followed. */
  static async open(path: string): Promise<Folder | undefined> {
    const handle = await opened(path, O_DIRECTORY);
    return handle === undefined ? undefined : new Folder(handle);
  }

  /** A directory below this one; undefined when it is not there, or something else is. */
  async folder(...names: readonly string[]): Promise<Folder | undefined> {
    const [first = ".", ...rest] = names;
    const folder = await Folder.open(this.#at(first));
    if (folder === undefined || rest.length === 0) return folder;
    await using between = folder;
    return await between.folder(...rest);
  }

  async names(): Promise<readonly string[]> {
    return readdir(this.#at("."));
  }

  /** A regular file's bytes; undefined when there is none. Rejects with `TooLarge` for more than `most`. */
  async bytes(name: string, most: number): Promise<Buffer | undefined> {
    // Without O_NONBLOCK the open of a FIFO waits for somebody to write.
    const handle = await opened(this.#at(name), O_NONBLOCK);
    if (handle === undefined) return undefined;
    await using file = handle;
    if (!(await file.stat()).isFile()) return undefined;
    const chunks: Buffer[] = [];
    for (let length = 0; ; ) {
      const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(chunkBytes), 0, chunkBytes);
      if (bytesRead === 0) return Buffer.concat(chunks);
      length += bytesRead;
      if (length > most) throw new TooLarge(most);
      chunks.push(buffer.subarray(0, bytesRead));
    }
  }

  async text(name: string, most: number): Promise<string | undefined> {
    return (await this.bytes(name, most))?.toString("utf8");
  }

  /** Put a regular file in the place of the one with this name: readers see the old contents or the new, never a part. */
  async replace(name: string, contents: string): Promise<void> {
    const fresh = this.#at(`${name}.new`);
    await rm(fresh, { force: true });
    await writeFile(fresh, contents, { mode: 0o600, flag: "wx", flush: true });
    await rename(fresh, this.#at(name));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#handle.close();
  }

  #at(name: string): string {
    if (name === "" || name === ".." || /[/\0]/.test(name)) throw new Error(`${JSON.stringify(name)} is no file name.`);
    return `/proc/self/fd/${this.#handle.fd}/${name}`;
  }
}

const chunkBytes = 65_536;

class TooLarge extends Error {
  override readonly name = "TooLarge";

  constructor(most: number) {
    super(`it is larger than ${most} bytes`);
  }
}

async function opened(path: string, flags: number): Promise<FileHandle | undefined> {
  try {
    return await open(path, O_RDONLY | O_NOFOLLOW | flags);
  } catch (error) {
    // ELOOP: a link; ENXIO: a socket, or a device that nothing stands behind.
    if (hasErrno(error, "ENOENT", "ENOTDIR", "ELOOP", "ENXIO", "ENODEV")) return undefined;
    throw error;
  }
}
