import { mkdir, open, rename, rm, statfs } from "node:fs/promises";
import { dirname } from "node:path";
import { DockersnapError } from "@dockersnap/contract/words";
import { hasErrno } from "../process/errno.ts";
import { run } from "../process/run.ts";
import { syncDirectory } from "./directory.ts";
import { btrfsMagic, readMagic } from "./superblock.ts";

const MiB = 1024 * 1024;
const GiB = 1024 * MiB;

const smallestDefault = 2 * GiB;
/** mkfs.btrfs needs about 109 MiB. */
const smallest = 128 * MiB;

/**
 * Make sure the image of the embedded pool is there and holds a btrfs. A new one gets `sizeBytes`, or a share of what is
 * free; one that exists is never formatted, whatever is in it.
 */
export async function ensureImage(image: string, sizeBytes: number | undefined): Promise<void> {
  const header = await magicOf(image);
  if (header === btrfsMagic) return;
  if (header !== undefined) {
    throw new DockersnapError(
      "internal",
      `${image} is there but holds no btrfs, so it is left alone. Move it away, or set btrfs.path to a folder on a btrfs.`,
    );
  }
  await mkdir(dirname(image), { recursive: true });
  const size = sizeBytes === undefined ? await defaultSize(image) : asked(sizeBytes);
  // Under another name until it is formatted and on disk: an image with the final name is always a whole one.
  const unfinished = `${image}.new`;
  await rm(unfinished, { force: true });
  try {
    const file = await open(unfinished, "wx", 0o600);
    try {
      await file.truncate(size);
      await run("mkfs.btrfs", ["--quiet", "--label", "dockersnap", unfinished], { timeoutMs: 120_000 });
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(unfinished, image);
  } catch (error) {
    await rm(unfinished, { force: true });
    throw new DockersnapError("internal", `The pool's image ${image} could not be made: ${sentence(error)}`, {
      cause: error,
    });
  }
  await syncDirectory(dirname(image));
}

/** The eight bytes where btrfs has its magic number; `undefined` when there is no such file. */
async function magicOf(image: string): Promise<string | undefined> {
  try {
    return await readMagic(image);
  } catch (error) {
    if (hasErrno(error, "ENOENT")) return undefined;
    throw new DockersnapError("internal", `The pool's image ${image} cannot be read: ${sentence(error)}`, {
      cause: error,
    });
  }
}

async function defaultSize(image: string): Promise<number> {
  const { bavail, bsize } = await statfs(dirname(image));
  const size = wholeMiB(bavail * bsize * 0.8);
  if (size >= smallestDefault) return size;
  throw new DockersnapError(
    "no_space",
    `The pool's image takes 80 % of the free space below ${dirname(image)}, which would be ${Math.round(size / MiB)} MiB; ` +
      "it needs 2 GiB. Free some space, set state_dir to a larger disk, or say a btrfs.size.",
  );
}

function asked(sizeBytes: number): number {
  const size = wholeMiB(sizeBytes);
  if (size >= smallest) return size;
  throw new DockersnapError(
    "invalid_request",
    `A btrfs pool of ${sizeBytes} bytes is too small; btrfs.size must be at least 128 MiB.`,
  );
}

function wholeMiB(bytes: number): number {
  return Math.floor(bytes / MiB) * MiB;
}

function sentence(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
