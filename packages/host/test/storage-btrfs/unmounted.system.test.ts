import { mkdir, open, readdir, readFile, rename, rm, rmdir, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { run } from "../../src/process/run.ts";
import { attachLoop, detachLoop, loopDevicesOf } from "../../src/storage-btrfs/loop.ts";
import { closeBtrfsPool } from "../../src/storage-btrfs/pool.ts";
import { createBtrfsStorage } from "../../src/storage-btrfs/storage.ts";
import { MiB, testPlace, testPool } from "./test-pool.ts";

/** An open pool with a dataset that holds a file, and how often it was mounted again. */
async function used() {
  const pool = await testPool();
  const { driver } = pool;
  let restored = 0;
  driver.whenRestored(() => {
    restored += 1;
  });
  await driver.create("web");
  await writeFile(join(driver.path("web"), "file"), "kept");
  return {
    ...pool,
    file: join(driver.path("web"), "file"),
    mountpoint: pool.options.mountpoint,
    restored: () => restored,
    [Symbol.asyncDispose]: () => pool[Symbol.asyncDispose](),
  };
}

/** The bare folder below the mountpoint, with the pool unmounted for as long as it takes to look. */
async function beneath(mountpoint: string): Promise<readonly string[]> {
  await run("umount", [mountpoint]);
  return readdir(mountpoint);
}

it("is mounted again before the next call does anything, and counted once however many come at once", async () => {
  await using pool = await used();
  const { driver, mountpoint } = pool;
  await run("umount", [mountpoint]);
  await Promise.all([driver.snapshot("web", "s1"), driver.capacity(), driver.list(), driver.hasDataset("web")]);
  expect(pool.restored()).toBe(1);
  expect(await readFile(pool.file, "utf8")).toBe("kept");
  expect(await driver.list()).toEqual([{ id: "web", present: true, snapshots: ["s1"] }]);
  expect(await loopDevicesOf(pool.options.image)).toHaveLength(1);
  expect(driver.dirtyDataBounded).toBe(true);
  expect(await beneath(mountpoint)).toEqual([]);
});

it("comes back from a lazy unmount while something in it is open, with the device it had", async () => {
  await using pool = await used();
  const [device] = await loopDevicesOf(pool.options.image);
  {
    await using file = await open(pool.file, "r+");
    await run("umount", ["--lazy", pool.mountpoint]);
    await pool.driver.snapshot("web", "s1");
    await file.write("more");
  }
  expect(await readFile(pool.file, "utf8")).toBe("more");
  expect(await loopDevicesOf(pool.options.image)).toEqual([device]);
  expect(pool.restored()).toBe(1);
  await pool.driver.remove("web");
});

it("comes back with a device and a mountpoint of its own when those are gone too", async () => {
  await using pool = await used();
  const [device = ""] = await loopDevicesOf(pool.options.image);
  await run("umount", [pool.mountpoint]);
  await detachLoop(device);
  await rmdir(pool.mountpoint);
  expect((await pool.driver.capacity()).total).toBeGreaterThan(0);
  expect(await readFile(pool.file, "utf8")).toBe("kept");
  expect(pool.restored()).toBe(1);
});

it("takes what somebody else mounted again for what it is", async () => {
  await using pool = await used();
  const [device = ""] = await loopDevicesOf(pool.options.image);
  await run("umount", [pool.mountpoint]);
  await run("mount", ["-t", "btrfs", device, pool.mountpoint]);
  await pool.driver.snapshot("web", "s1");
  expect(await readFile(pool.file, "utf8")).toBe("kept");
});

it.each([
  ["over it", async () => undefined],
  ["in its place", async (mountpoint: string) => void (await run("umount", [mountpoint]))],
])("leaves alone what is mounted %s, makes nothing in there, and says what to unmount", async (_, first) => {
  await using pool = await used();
  const { driver, mountpoint } = pool;
  await first(mountpoint);
  await run("mount", ["-t", "tmpfs", "tmpfs", mountpoint]);
  try {
    await expect(driver.create("two")).rejects.toMatchObject({
      code: "unmounted",
      message: expect.stringMatching(/tmpfs.* is mounted at .*Unmount it/),
    });
    await expect(driver.snapshot("web", "s1")).rejects.toMatchObject({ code: "unmounted" });
    await expect(driver.grow(1024 * MiB)).rejects.toMatchObject({ code: "unmounted" });
    expect(await driver.charge("web")).toBeUndefined();
    expect(await readdir(mountpoint)).toEqual([]);
  } finally {
    await run("umount", [mountpoint]);
  }
  await driver.snapshot("web", "s1");
  expect(await readFile(pool.file, "utf8")).toBe("kept");
});

it("does not mount another image that lies where its own was", async () => {
  await using pool = await used();
  const { image } = pool.options;
  const [device = ""] = await loopDevicesOf(image);
  await run("umount", [pool.mountpoint]);
  await detachLoop(device);
  await rename(image, `${image}.own`);
  await expect(pool.driver.list()).rejects.toMatchObject({ code: "unmounted" });
  await run("cp", ["--sparse=always", `${image}.own`, image]);
  await run("btrfstune", ["-f", "-u", image]);
  await expect(pool.driver.list()).rejects.toMatchObject({ message: expect.stringContaining("another btrfs") });
  expect(await readdir(pool.mountpoint)).toEqual([]);
  await rename(`${image}.own`, image);
  expect(await pool.driver.list()).toHaveLength(1);
});

it("only tells of a pool in a folder that was given, and takes it back when it is mounted there", async () => {
  await using place = await testPlace();
  await createBtrfsStorage(place.options).open();
  const { image, mountpoint } = place.options;
  const path = join(mountpoint, "given");
  await mkdir(path);
  const driver = createBtrfsStorage({ ...place.options, path });
  await driver.open();
  await driver.create("web");
  const [device = ""] = await loopDevicesOf(image);
  await run("umount", [mountpoint]);
  await expect(driver.list()).rejects.toMatchObject({ code: "unmounted" });
  // An empty folder of this name is what an administrator makes to mount upon.
  await mkdir(path);
  await expect(driver.create("two")).rejects.toMatchObject({ code: "unmounted" });
  expect((await driver.capacity()).absent).toContain(path);
  expect(await readdir(path)).toEqual([]);
  await rm(path, { recursive: true });
  await detachLoop(device);
  await run("mount", ["-t", "btrfs", await attachLoop(image), mountpoint]);
  expect(await driver.list()).toEqual([{ id: "web", present: true, snapshots: [] }]);
  expect((await stat(driver.path("web"))).isDirectory()).toBe(true);
});

it("is seen to be unmounted by one that only looks, and not mounted by it", async () => {
  await using pool = await used();
  const viewer = createBtrfsStorage(pool.options);
  expect((await viewer.capacity()).absent).toBeUndefined();
  await closeBtrfsPool(pool.options);
  expect((await viewer.capacity()).absent).toMatch(/mounts it/);
  expect(await readdir(pool.mountpoint)).toEqual([]);
});
