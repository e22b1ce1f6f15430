import {
  accessSync,
  type BigIntStats,
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  opendirSync,
  openSync,
  readlinkSync,
  statfsSync,
} from "node:fs";
import type { FileChange } from "@dockersnap/core";
import { hasErrno } from "../process/errno.ts";

const { O_DIRECTORY, O_NOFOLLOW, O_NONBLOCK, O_RDONLY, S_IFMT, S_IFREG, S_IFDIR, S_IFLNK, S_IFIFO, S_IFSOCK, S_IFCHR } =
  constants;

/** Shorter to follow than by way of /proc/self. */
const descriptors = `/proc/${process.pid}/fd`;

/** A name in a directory. Linux' names are bytes: those that are no text keep them. */
export interface Name {
  /** Unique in its directory. */
  readonly key: string;
  readonly bytes: string | Buffer;
}

export interface Entry {
  readonly stats: BigIntStats;
  readonly kind: FileChange["kind"];
}

/** Of the root of every btrfs subvolume, and what statfs(2) calls a btrfs. */
const subvolumeInode = 256n;
const btrfsType = 0x9123683e;

/** Linux takes paths of 4095 bytes; a descriptor has none. */
const longestPath = 3_500;

/**
 * An open directory. Everything in it is reached through its descriptor, so a link put in the way leads nowhere. In a tree that
 * is read-only nobody can put one, and there the path itself is used, which the kernel follows twice as fast.
 */
export class Directory implements Disposable {
  readonly stats: BigIntStats;
  readonly fd: number;
  /** Where it is, if that cannot change. */
  readonly #path: string | undefined;
  /** What leads into it. */
  readonly #prefix: string;

  private constructor(fd: number, path: string | undefined) {
    this.fd = fd;
    this.stats = fstatSync(fd, { bigint: true });
    this.#path = path;
    this.#prefix = path === undefined || Buffer.byteLength(path) > longestPath ? `${descriptors}/${fd}/` : `${path}/`;
  }

  /** The root of a tree; undefined when there is none. */
  static open(path: string): Directory | undefined {
    const fd = opened(path, O_DIRECTORY);
    return fd === undefined ? undefined : new Directory(fd, isReadOnly(fd) ? path : undefined);
  }

  /**
   * One in this one; undefined when it is not there or is no directory. Subvolumes that are nested in the tree are entered,
   * other file systems are not.
   */
  directory(name: string | Buffer): Directory | undefined {
    const fd = opened(this.at(name), O_DIRECTORY);
    if (fd === undefined) return undefined;
    const isFixed = this.#path !== undefined && typeof name === "string";
    const found = new Directory(fd, isFixed ? `${this.#path}/${name}` : undefined);
    if (found.stats.dev === this.stats.dev || isNested(found, this)) return found;
    found[Symbol.dispose]();
    return undefined;
  }

  /** Undefined for more than `most`, which would not fit into memory. */
  names(most: number): Name[] | undefined {
    const path = this.at(".");
    const names = namesIn(path, "utf8", most);
    if (names === undefined || !names.some((name) => name.includes("\ufffd"))) {
      return names?.map((name) => ({ key: name, bytes: name }));
    }
    // Read again as bytes, for at least one is no text.
    return namesIn(path, "latin1", most)?.map((name) => {
      const bytes = Buffer.from(name, "latin1");
      const text = bytes.toString();
      return Buffer.from(text).equals(bytes) ? { key: text, bytes: text } : { key: `\0${name}`, bytes };
    });
  }

  /** Undefined when it is not there (any more). */
  entry(name: string | Buffer): Entry | undefined {
    try {
      const stats = lstatSync(this.at(name), { bigint: true });
      return { stats, kind: kindOf(stats.mode) };
    } catch (error) {
      if (hasErrno(error, "ENOENT", "ENOTDIR", "ENAMETOOLONG")) return undefined;
      throw error;
    }
  }

  target(name: string | Buffer): Buffer | undefined {
    try {
      return readlinkSync(this.at(name), { encoding: "buffer" });
    } catch (error) {
      if (hasErrno(error, "ENOENT", "EINVAL")) return undefined;
      throw error;
    }
  }

  /** A descriptor of a regular file, the caller's to close. */
  file(name: string | Buffer): number | undefined {
    // Without O_NONBLOCK the open of a FIFO put in its place would wait for a writer.
    const fd = opened(this.at(name), O_NONBLOCK);
    if (fd === undefined || fstatSync(fd).isFile()) return fd;
    closeSync(fd);
    return undefined;
  }

  [Symbol.dispose](): void {
    closeSync(this.fd);
  }

  at(name: string | Buffer): string | Buffer {
    return typeof name === "string" ? this.#prefix + name : Buffer.concat([Buffer.from(this.#prefix), name]);
  }
}

/** overlayfs' mark for what is deleted: a device with the number 0, 0. */
export function isWhiteout({ kind, stats }: Entry): boolean {
  return kind === "device" && (stats.mode & BigInt(S_IFMT)) === BigInt(S_IFCHR) && stats.rdev === 0n;
}

function namesIn(path: string | Buffer, encoding: BufferEncoding, most: number): string[] | undefined {
  const directory = opendirSync(path.toString(), { encoding, bufferSize: 1024 });
  try {
    const names: string[] = [];
    for (let found = directory.readSync(); found !== null; found = directory.readSync()) {
      if (names.length === most) return undefined;
      names.push(found.name);
    }
    return names;
  } finally {
    directory.closeSync();
  }
}

function kindOf(mode: bigint): Entry["kind"] {
  switch (Number(mode) & S_IFMT) {
    case S_IFREG:
      return "file";
    case S_IFDIR:
      return "directory";
    case S_IFLNK:
      return "symlink";
    case S_IFIFO:
      return "fifo";
    case S_IFSOCK:
      return "socket";
    default:
      return "device";
  }
}

/** Whether a directory is the root of a subvolume of the file system that another is in: each has a device number of its own. */
function isNested({ stats, fd }: Directory, around: Directory): boolean {
  if (stats.ino !== subvolumeInode) return false;
  const [inner, outer] = [fd, around.fd].map((each) => statfsSync(`${descriptors}/${each}`));
  return inner?.type === btrfsType && outer?.type === btrfsType && inner.blocks === outer.blocks;
}

function isReadOnly(fd: number): boolean {
  try {
    accessSync(`${descriptors}/${fd}`, constants.W_OK);
    return false;
  } catch (error) {
    return hasErrno(error, "EROFS");
  }
}

function opened(path: string | Buffer, flags: number): number | undefined {
  try {
    return openSync(path, O_RDONLY | O_NOFOLLOW | flags);
  } catch (error) {
    // ELOOP: a link; ENXIO: a socket.
    if (hasErrno(error, "ENOENT", "ENOTDIR", "ELOOP", "ENXIO", "ENODEV", "ENAMETOOLONG")) return undefined;
    throw error;
  }
}
