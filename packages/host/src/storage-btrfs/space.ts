import { access, constants, statfs } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { DockersnapError, type SpaceKind } from "@dockersnap/contract/words";
import type { Capacity } from "@dockersnap/core";
import { hasErrno } from "../process/errno.ts";
import { mountpointOf } from "../process/mountpoint.ts";
import { metadataSpace, readAllocation, unusedByData } from "./allocation.ts";
import type { BtrfsOptions } from "./options.ts";

const MiB = 1024 * 1024;

/** Below this a new dataset could not take a single image layer. */
const leastBytes = 16 * MiB;

/** Below this btrfs refuses to have two trees change places: it reserves 14 MiB for it, however little it takes in the end. */
const leastMetadataBytes = 16 * MiB;

/** The file system below an embedded pool must not run full: btrfs would see failing writes and turn read-only. */
const leastBackingBytes = 64 * MiB;

/** What the pool at `mount`, and for an embedded one the file system that holds its image, have room for. */
export class Space {
  readonly #mount: string;
  readonly #image: string | undefined;

  constructor(mount: string, { path, image }: Pick<BtrfsOptions, "path" | "image">) {
    this.#mount = mount;
    this.#image = path === undefined ? resolve(image) : undefined;
  }

  async capacity(): Promise<Capacity> {
    const { blocks, bsize, bavail } = await statfs(this.#mount);
    const total = blocks * bsize;
    const [allocation, backing, readOnly] = await Promise.all([
      readAllocation(this.#mount, total),
      this.#backing(),
      this.#whyReadOnly(),
    ]);
    const ofMetadata = allocation === undefined ? undefined : metadataSpace(allocation);
    const advice =
      allocation !== undefined && unusedByData(allocation) >= 2 * leastBytes
        ? `Run 'btrfs balance start -dusage=50 ${this.#mount}', which gives metadata space that data does not use.`
        : undefined;
    // With no metadata left statfs(2) says that nothing is free; what is free for data is known better then.
    const forData = bavail === 0 && allocation !== undefined ? unusedByData(allocation) : bavail * bsize;
    return {
      total,
      free: Math.min(forData, backing?.free ?? Number.POSITIVE_INFINITY),
      ...(ofMetadata === undefined ? {} : { metadata: { ...ofMetadata, ...(advice === undefined ? {} : { advice }) } }),
      ...(backing === undefined ? {} : { backing }),
      ...(readOnly === undefined ? {} : { readOnly }),
    };
  }

  /** `no_space` for a new dataset on a pool that is full. */
  async assertForDataset(): Promise<void> {
    await this.assertForSnapshot();
    const what = await this.usedUp();
    if (what !== undefined) throw this.full(what);
  }

  /** `no_space` when another snapshot could break the pool. In a pool that is full a snapshot itself still has room. */
  async assertForSnapshot(): Promise<void> {
    const backing = await this.#backing();
    if (backing !== undefined && backing.free < leastBackingBytes) throw this.full("backing");
  }

  /** `read_only` for anything that would change the pool while nothing in it can be changed. */
  async assertWritable(): Promise<void> {
    const readOnly = await this.#whyReadOnly();
    if (readOnly === undefined) return;
    throw new DockersnapError("read_only", `The pool at ${this.#mount} is read-only. ${readOnly}`);
  }

  /** What btrfs has refused something for want of, or is about to; undefined while there is space. */
  async usedUp(): Promise<SpaceKind | undefined> {
    const { free, metadata, backing } = await this.capacity();
    if (metadata !== undefined && metadata.free < leastMetadataBytes) return "metadata";
    if (backing !== undefined && backing.free < leastBytes) return "backing";
    return free < leastBytes ? "data" : undefined;
  }

  full(what: SpaceKind, why = ""): DockersnapError {
    const mount = this.#mount;
    const message =
      what === "backing"
        ? `The file system of ${this.#image}, the pool's image, is full; free some space there, then try again.`
        : what === "metadata"
          ? `The pool at ${mount} has no space left for metadata; make it larger with 'dockersnap pool grow', or remove snapshots or instances.`
          : `The pool at ${mount} is full; remove snapshots or instances, or make it larger with 'dockersnap pool grow'.`;
    return new DockersnapError("no_space", why === "" ? message : `${message} (${why})`, { details: { what } });
  }

  /** Whether so little is free that space of what was removed is wanted back at once. */
  async isScarce(): Promise<boolean> {
    const { total, free, metadata } = await this.capacity();
    return free < total / 10 || (metadata !== undefined && metadata.free < metadata.total / 10);
  }

  async #backing(): Promise<Capacity["backing"]> {
    if (this.#image === undefined) return undefined;
    const folder = dirname(this.#image);
    try {
      const { bavail, bsize } = await statfs(folder);
      return { mountpoint: mountpointOf(folder), free: bavail * bsize };
    } catch (error) {
      if (hasErrno(error, "ENOENT")) return undefined;
      throw error;
    }
  }

  async #whyReadOnly(): Promise<string | undefined> {
    try {
      await access(this.#mount, constants.W_OK);
      return undefined;
    } catch (error) {
      // A pool that is not there is told about by whoever looks into it.
      if (!hasErrno(error, "EROFS")) return undefined;
      return (
        `Make it writable with 'mount -o remount,rw ${this.#mount}'; where the kernel refuses that, its log ('dmesg') ` +
        "says what failed, and a restart of this machine mounts the pool anew."
      );
    }
  }
}
