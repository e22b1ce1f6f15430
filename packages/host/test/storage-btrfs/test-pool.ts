import { mkdtemp, open, readdir, readFile, rename, rm, unlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import type { StorageSubject } from "@dockersnap/core/testing";
import { run } from "../../src/process/run.ts";
import type { BtrfsOptions } from "../../src/storage-btrfs/options.ts";
import { closeBtrfsPool } from "../../src/storage-btrfs/pool.ts";
import { type BtrfsStorage, createBtrfsStorage } from "../../src/storage-btrfs/storage.ts";
import { createSubvolume, setReadOnly } from "../../src/storage-btrfs/subvolume.ts";
import { subvolumesBelow } from "../../src/storage-btrfs/subvolume-list.ts";

export const MiB = 1024 * 1024;

/** A folder of its own for an image and its mountpoint; closed and deleted at the end. */
export async function testPlace(sizeBytes: number | undefined = 512 * MiB) {
  const folder = await mkdtemp(join(tmpdir(), "ds-btrfs-"));
  const options: BtrfsOptions = { image: join(folder, "btrfs.img"), mountpoint: join(folder, "pool"), sizeBytes };
  return {
    folder,
    options,
    async [Symbol.asyncDispose]() {
      await closeBtrfsPool(options);
      await rm(folder, { recursive: true });
    },
  };
}

/** An open pool with nothing in it. */
export async function testPool(sizeBytes?: number) {
  const place = await testPlace(sizeBytes);
  const driver = createBtrfsStorage(place.options);
  await driver.open();
  return { ...place, driver };
}

export async function btrfsSubject(): Promise<StorageSubject> {
  const pool = await testPool();
  return {
    driver: pool.driver,
    ...hands(pool.driver, pool.options.mountpoint),
    [Symbol.asyncDispose]: () => pool[Symbol.asyncDispose](),
  };
}

function hands(driver: BtrfsStorage, mountpoint: string): Omit<StorageSubject, "driver" | typeof Symbol.asyncDispose> {
  const at = (id: string, file: string) => join(driver.path(id), file);
  return {
    async write(id, file, bytes) {
      const unfinished = join(dirname(at(id, file)), `.${basename(file)}`);
      try {
        await using handle = await open(unfinished, "w");
        await handle.writeFile(bytes);
        await handle.sync();
      } catch (error) {
        await rm(unfinished, { force: true });
        throw error;
      }
      await rename(unfinished, at(id, file));
    },
    async read(id, file) {
      return readFile(at(id, file)).catch((error: NodeJS.ErrnoException) => {
        if (error.code === "ENOENT") return undefined;
        throw error;
      });
    },
    unlink: (id, file) => unlink(at(id, file)),
    files: async (id) => (await readdir(driver.path(id))).filter((file) => !file.startsWith(".")),
    nesting: {
      make: (id, path) => createSubvolume(at(id, path)),
      setReadOnly: (id, path) => setReadOnly(at(id, path), true),
      async list(id) {
        const nested = await subvolumesBelow(driver.path(id));
        return Object.fromEntries(
          nested.map(({ path, isReadOnly }) => [path.toString(), isReadOnly ? "read-only" : "writable"]),
        );
      },
    },
    lose: async (id) => {
      await run("btrfs", ["subvolume", "delete", driver.path(id)]);
    },
    async setReadOnly(isReadOnly) {
      await run("mount", ["-o", `remount,${isReadOnly ? "ro" : "rw"}`, mountpoint]);
    },
    async setHidden(isHidden) {
      if (isHidden) await run("mount", ["-t", "tmpfs", "tmpfs", mountpoint]);
      else await run("umount", [mountpoint]);
    },
  };
}
