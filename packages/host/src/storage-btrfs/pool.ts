import { access, mkdir, realpath, stat, statfs, truncate } from "node:fs/promises";
import { release } from "node:os";
import { join, resolve } from "node:path";
import { DockersnapError } from "@dockersnap/contract/words";
import { hasErrno } from "../process/errno.ts";
import { run } from "../process/run.ts";
import { ensureImage } from "./image.ts";
import { attachLoop, detachLoop, loopDevicesOf, loopDevicesOfDeleted, refreshLoop } from "./loop.ts";
import { mountAt } from "./mounts.ts";
import type { BtrfsOptions } from "./options.ts";
import { needsNewerKernel } from "./quotas.ts";
import { boundDirtyData } from "./writeback.ts";

/** A btrfs that is mounted and ready. */
export interface Pool {
  readonly mount: string;
  /** Whether the kernel bounds how much of it is dirty at once. */
  readonly bounded: boolean;
  /** Of an embedded pool. */
  readonly device: string | undefined;
}

/** What statfs(2) says a btrfs is. */
export const btrfsType = 0x9123683e;

/** Where the pool's tree is, opened or not. */
export function mountOf(options: BtrfsOptions): string {
  return resolve(options.path ?? options.mountpoint);
}

/**
 * Find the pool, or make and mount it. Safe to repeat after a kill at any instant: an image under its final name is
 * whole, and a device or mount that an earlier call left is used again. With `holdsData` nothing is made: a new pool in the
 * place of a lost one would have the instances seem empty.
 */
export async function openPool(options: BtrfsOptions, holdsData: boolean): Promise<Pool> {
  if (options.path !== undefined) return openPath(resolve(options.path), holdsData);

  const mountpoint = resolve(options.mountpoint);
  // First: what is mounted there may be all that is left of an image somebody deleted.
  const mounted = await mountedFrom(mountpoint, options.image);
  if (mounted === undefined) {
    if (holdsData) await requireThere(options.image, `The pool's image ${options.image}`);
    await ensureImage(options.image, options.sizeBytes);
  }
  return mountPool(options);
}

/** Have the image of an embedded pool mounted. What is mounted already stays. */
export async function mountPool(options: BtrfsOptions): Promise<Pool> {
  const mountpoint = resolve(options.mountpoint);
  const mounted = await mountedFrom(mountpoint, options.image);
  // dockerd with remapped users walks through here as one of them.
  if (mounted === undefined) await mkdir(mountpoint, { recursive: true, mode: 0o711 });
  const device = mounted ?? (await mountImage(options.image, mountpoint));
  if (await isCutShort(options.image, mountpoint)) {
    // It works at its old size as well, and whoever asks for the same size again is told why it cannot have it.
    await fillImage(device, mountpoint).catch(() => undefined);
  }
  const bounded = await boundDirtyData(device);
  return { mount: mountpoint, bounded, device };
}

/** Whether the image of an embedded pool is what is mounted at its path. */
export async function isMounted(options: BtrfsOptions): Promise<boolean> {
  return (await mountedFrom(resolve(options.mountpoint), options.image)) !== undefined;
}

/** Take an embedded pool out of use: unmounted, its device detached, the image kept. A pool not in use stays so. */
export async function closeBtrfsPool(options: BtrfsOptions): Promise<void> {
  if (options.path !== undefined) return;
  const mountpoint = resolve(options.mountpoint);
  try {
    if ((await mountedFrom(mountpoint, options.image)) !== undefined) await run("umount", [mountpoint]);
    for (const device of await loopDevicesOf(options.image)) await detachLoop(device);
  } catch (error) {
    throw poolError(`The pool at ${mountpoint} could not be taken out of use; stop every instance first`, error);
  }
}

/**
 * Make an embedded pool larger while it is in use. The same size changes nothing; a smaller one is `invalid_request`. Killed
 * in between, it is ended by the next `openPool`.
 */
export async function growPool(options: BtrfsOptions, sizeBytes: number): Promise<void> {
  const mountpoint = resolve(options.mountpoint);
  const device = options.path === undefined ? await mountedFrom(mountpoint, options.image) : undefined;
  if (device === undefined) {
    throw new DockersnapError(
      "wrong_state",
      "This pool is not the daemon's own file, so it is made larger with what it was made with: give its btrfs another device or a larger one.",
    );
  }
  const { size, blocks } = await stat(options.image);
  if (sizeBytes > size) await refuseBeyondDisk(options.image, sizeBytes, blocks * 512);
  if (sizeBytes < size) {
    throw new DockersnapError(
      "invalid_request",
      `The pool has ${size} bytes and cannot shrink to ${sizeBytes}; ask for more, or for the same.`,
      { details: { size_bytes: size } },
    );
  }
  try {
    await truncate(options.image, sizeBytes);
    await fillImage(device, mountpoint);
  } catch (error) {
    throw poolError(`The pool at ${mountpoint} could not be grown to ${sizeBytes} bytes`, error);
  }
}

/** A pool that promises more than its disk can hold would be full without a warning, at a write that it had taken. */
async function refuseBeyondDisk(image: string, sizeBytes: number, taken: number): Promise<void> {
  const { bavail, bsize } = await statfs(image);
  const most = taken + bavail * bsize;
  if (sizeBytes <= most) return;
  throw new DockersnapError(
    "invalid_request",
    `The disk under the pool's file ${image} cannot hold ${sizeBytes} bytes: ${taken} are in the file and ${bavail * bsize} are free, so ${most} is the most. Ask for less, or free space on that disk.`,
    { details: { most_bytes: most } },
  );
}

/** Whether the image has been made larger and what is in it has not. */
async function isCutShort(image: string, mountpoint: string): Promise<boolean> {
  const [{ size }, { blocks, bsize }] = await Promise.all([stat(image), statfs(mountpoint)]);
  // btrfs leaves out what is no whole sector of its own.
  return size - blocks * bsize >= 1024 * 1024;
}

/** Have the mounted pool be as large as its image. */
async function fillImage(device: string, mountpoint: string): Promise<void> {
  await refreshLoop(device);
  await run("btrfs", ["filesystem", "resize", "max", mountpoint]);
}

async function openPath(path: string, holdsData: boolean): Promise<Pool> {
  const found = await statfs(path).catch((error: unknown) => {
    throw poolError(`btrfs.path ${path} cannot be used`, error);
  });
  if (found.type !== btrfsType) {
    throw new DockersnapError(
      "internal",
      `btrfs.path ${path} is not on btrfs. Point it at a directory that is, or leave it out for a pool of dockersnap's own.`,
    );
  }
  if (holdsData) await requireThere(join(path, "instances"), `What the daemon kept in btrfs.path ${path}`);
  return { mount: path, bounded: false, device: undefined };
}

async function requireThere(path: string, what: string): Promise<void> {
  try {
    await access(path);
  } catch (error) {
    if (!hasErrno(error, "ENOENT")) throw poolError(`${what} cannot be looked at`, error);
    throw new DockersnapError(
      "not_ready",
      `${what} is gone, and there are records of instances whose data was in it. Nothing was made in its place. ` +
        "Bring it back, or, if the data is lost for good, move the records away and start with none.",
      { cause: error },
    );
  }
}

/** The device the image is mounted from at the mountpoint; `undefined` when nothing is mounted there. */
async function mountedFrom(mountpoint: string, image: string): Promise<string | undefined> {
  const mount = await mountAt(await realPath(mountpoint));
  if (mount === undefined) return undefined;
  if ((await loopDevicesOf(image)).includes(mount.source)) return mount.source;
  if ((await loopDevicesOfDeleted(image)).includes(mount.source)) {
    throw new DockersnapError(
      "not_ready",
      `The pool's image ${image} was deleted while it was in use. Its data is still there as long as ${mount.source} stays attached: ` +
        "do not restart this machine, and save it first. docs/how-to/operate.md has the commands.",
    );
  }
  throw new DockersnapError(
    "internal",
    `${mount.source} (${mount.type}) is mounted at ${mountpoint}, where the pool's image ${image} belongs. ` +
      "Unmount it, then try again.",
  );
}

/** Without links where it is there, else as it is. */
export async function realPath(path: string): Promise<string> {
  return realpath(path).catch(() => path);
}

async function mountImage(image: string, mountpoint: string): Promise<string> {
  // The same file on two devices would be one btrfs written from two sides.
  const [attached] = await loopDevicesOf(image);
  const device =
    attached ??
    (await attachLoop(image).catch((error: unknown) => {
      throw poolError(`The pool's image ${image} could not be attached to a loop device`, error);
    }));
  try {
    await run("mount", ["-t", "btrfs", "-o", "noatime,discard=async", device, mountpoint], { timeoutMs: 300_000 });
  } catch (error) {
    if (attached === undefined) await detachLoop(device);
    if (await needsNewerKernel(image)) {
      throw new DockersnapError(
        "internal",
        `The pool's image ${image} holds disk limits, which this kernel (${release()}) cannot read; it was left as it is. Boot a kernel of 6.7 or newer.`,
        { cause: error },
      );
    }
    throw poolError(
      `The pool's image ${image} could not be mounted at ${mountpoint}; it was left as it is. Look at it with \`btrfs check ${image}\``,
      error,
    );
  }
  return device;
}

function poolError(what: string, error: unknown): DockersnapError {
  if (error instanceof DockersnapError) return error;
  const why = error instanceof Error ? error.message : String(error);
  return new DockersnapError("internal", `${what}: ${why}`, { cause: error });
}
