import { statfs } from "node:fs/promises";
import { DockersnapError } from "@dockersnap/contract/words";
import type { Capacity } from "@dockersnap/core";

/** Below this a new dataset could not take a single image layer. */
const leastBytes = 16 * 1024 * 1024;

/** The file system below an embedded pool must not run full: btrfs would see failing writes and turn read-only. */
const leastBackingBytes = 64 * 1024 * 1024;

/** What the pool, and for an embedded one the file system that holds its image, have room for. */
export class Space {
  readonly #mount: string;
  readonly #backing: string | undefined;

  constructor(mount: string, backing: string | undefined) {
    this.#mount = mount;
    this.#backing = backing;
  }

  async capacity(): Promise<Capacity> {
    const { blocks, bsize } = await statfs(this.#mount);
    return { total: blocks * bsize, free: Math.min(await freeOf(this.#mount), await this.#backingFree()) };
  }

  /** `no_space` for a new dataset on a pool that is full. */
  async assertForDataset(): Promise<void> {
    await this.assertForSnapshot();
    if (!(await this.isUsedUp())) return;
    throw new DockersnapError(
      "no_space",
      `The pool at ${this.#mount} is full; remove snapshots or instances, or make the pool larger.`,
    );
  }

  /** `no_space` when another snapshot could break the pool. In a pool that is full a snapshot itself still has room. */
  async assertForSnapshot(): Promise<void> {
    if ((await this.#backingFree()) >= leastBackingBytes) return;
    throw new DockersnapError(
      "no_space",
      `The file system of ${this.#backing}, which holds the pool's image, is full; free some space there, then try again.`,
    );
  }

  /** Whether btrfs has refused something for want of space: no free block is left for data, or none for metadata. */
  async isUsedUp(): Promise<boolean> {
    return (await freeOf(this.#mount)) < leastBytes;
  }

  /** Whether so little is free that space of what was removed is wanted back at once. */
  async isScarce(): Promise<boolean> {
    const { total, free } = await this.capacity();
    return free < total / 10;
  }

  async #backingFree(): Promise<number> {
    return this.#backing === undefined ? Number.POSITIVE_INFINITY : freeOf(this.#backing);
  }
}

/** Bytes an ordinary write can still take. btrfs says none as well when it has run out of metadata. */
async function freeOf(path: string): Promise<number> {
  const { bavail, bsize } = await statfs(path);
  return bavail * bsize;
}
