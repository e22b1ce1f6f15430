import { mkdir, open, readdir, readFile, rm, stat, statfs, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { run } from "../../src/process/run.ts";
import { attachLoop, loopDevicesOf } from "../../src/storage-btrfs/loop.ts";
import { closeBtrfsPool } from "../../src/storage-btrfs/pool.ts";
import { probeBtrfs } from "../../src/storage-btrfs/probe.ts";
import { createBtrfsStorage } from "../../src/storage-btrfs/storage.ts";
import { MiB, testPlace, testPool } from "./test-pool.ts";

async function mountsAt(path: string): Promise<readonly string[]> {
  const lines = (await readFile("/proc/self/mountinfo", "utf8")).split("\n");
  return lines.filter((line) => line.split(" ")[4] === path);
}

async function withFile(driver: { path(id: string): string; create(id: string): Promise<void> }): Promise<string> {
  await driver.create("web");
  const file = join(driver.path("web"), "file");
  await writeFile(file, "kept");
  return file;
}

/** A small file system of its own at `path`. */
async function mountTmpfs(path: string, size: string): Promise<AsyncDisposable> {
  await mkdir(path);
  await run("mount", ["-t", "tmpfs", "-o", `size=${size}`, "tmpfs", path]);
  return {
    async [Symbol.asyncDispose]() {
      await run("umount", [path]);
    },
  };
}

it("makes a sparse image that only root reads, and mounts it without access times", async () => {
  await using pool = await testPool(512 * MiB);
  const image = await stat(pool.options.image);
  expect(image.size).toBe(512 * MiB);
  expect(image.blocks * 512).toBeLessThan(64 * MiB);
  expect(image.mode & 0o777).toBe(0o600);
  expect(await mountsAt(pool.options.mountpoint)).toEqual([expect.stringContaining("noatime")]);
  expect((await readdir(pool.folder)).sort()).toEqual(["btrfs.img", "pool"]);
});

it("bounds what may be unwritten where the kernel can", async () => {
  await using pool = await testPool();
  const [device = ""] = await loopDevicesOf(pool.options.image);
  const { stdout } = await run("btrfs", ["filesystem", "show", "--raw", device]);
  const bdi = `/sys/fs/btrfs/${/uuid: (\S+)/.exec(stdout)?.[1]}/bdi`;
  const strict = await readFile(join(bdi, "strict_limit"), "utf8").catch(() => undefined);
  expect(pool.driver.dirtyDataBounded).toBe(strict !== undefined);
  if (strict === undefined) return;
  expect(strict).toBe("1\n");
  // Kept as a share of the memory that may be dirty now, so it does not read back as it was written.
  expect(Number(await readFile(join(bdi, "max_bytes"), "utf8"))).toBeLessThan(128 * MiB);
});

it("uses what is mounted already when it is opened again, by another process too", async () => {
  await using pool = await testPool();
  const file = await withFile(pool.driver);
  await pool.driver.open();
  await createBtrfsStorage(pool.options).open();
  expect(await loopDevicesOf(pool.options.image)).toHaveLength(1);
  expect(await mountsAt(pool.options.mountpoint)).toHaveLength(1);
  expect(await readFile(file, "utf8")).toBe("kept");
});

it("is there again after a reboot, which leaves only the image", async () => {
  await using pool = await testPool();
  const file = await withFile(pool.driver);
  await pool.driver.snapshot("web", "s1");
  await closeBtrfsPool(pool.options);
  await closeBtrfsPool(pool.options);
  expect(await loopDevicesOf(pool.options.image)).toEqual([]);
  expect(await mountsAt(pool.options.mountpoint)).toEqual([]);

  const driver = createBtrfsStorage(pool.options);
  await driver.open();

  expect(await readFile(file, "utf8")).toBe("kept");
  expect(await driver.list()).toEqual([{ id: "web", present: true, snapshots: ["s1"] }]);
});

it("mounts the device that a killed start had attached", async () => {
  await using pool = await testPool();
  await closeBtrfsPool(pool.options);
  const device = await attachLoop(pool.options.image);
  await pool.driver.open();
  expect(await loopDevicesOf(pool.options.image)).toEqual([device]);
  expect(await mountsAt(pool.options.mountpoint)).toEqual([expect.stringContaining(device)]);
});

it("makes no new pool in the place of one that is to hold data", async () => {
  await using place = await testPlace();
  const driver = createBtrfsStorage(place.options);
  await expect(driver.open({ holdsData: true })).rejects.toMatchObject({ code: "not_ready" });
  expect(await readdir(place.folder)).toEqual([]);
  await driver.open();
  await driver.open({ holdsData: true });
  await closeBtrfsPool(place.options);
  await driver.open({ holdsData: true });

  const path = join(place.options.mountpoint, "given");
  await mkdir(path);
  const given = createBtrfsStorage({ ...place.options, path });
  await expect(given.open({ holdsData: true })).rejects.toMatchObject({ code: "not_ready" });
  await given.open();
  await given.open({ holdsData: true });
});

it("leaves what is mounted alone when its image was deleted, so that its data can be saved", async () => {
  await using pool = await testPool();
  const file = await withFile(pool.driver);
  const [device = ""] = await loopDevicesOf(pool.options.image);
  await rm(pool.options.image);

  const next = createBtrfsStorage(pool.options);
  await expect(next.open()).rejects.toMatchObject({ code: "not_ready", message: expect.stringContaining(device) });
  await expect(next.open({ holdsData: true })).rejects.toThrow(/save it first/);
  expect((await readdir(pool.folder)).sort()).toEqual(["pool"]);
  expect(await readFile(file, "utf8")).toBe("kept");

  // As docs/how-to/operate.md has it.
  await run("umount", [pool.options.mountpoint]);
  await run("cp", ["--sparse=always", device, pool.options.image]);
  await run("losetup", ["--detach", device]);
  await next.open({ holdsData: true });
  expect(await readFile(file, "utf8")).toBe("kept");
});

it("starts over on an image that was never finished", async () => {
  await using place = await testPlace();
  await writeFile(`${place.options.image}.new`, "half");
  await createBtrfsStorage(place.options).open();
  expect((await readdir(place.folder)).sort()).toEqual(["btrfs.img", "pool"]);
});

it("says when the pool is gone with its image, and never that it is empty", async () => {
  await using pool = await testPool();
  await pool.driver.create("web");
  await closeBtrfsPool(pool.options);
  await rm(pool.options.image);
  await expect(pool.driver.list()).rejects.toMatchObject({ code: "unmounted" });
});

it("refuses a size that btrfs cannot use", async () => {
  await using place = await testPlace(64 * MiB);
  await expect(createBtrfsStorage(place.options).open()).rejects.toMatchObject({ code: "invalid_request" });
  expect(await readdir(place.folder)).toEqual([]);
});

it("refuses a disk that has no room for a useful pool", async () => {
  await using place = await testPlace();
  const small = join(place.folder, "small");
  await using _disk = await mountTmpfs(small, "1g");
  const options = { ...place.options, image: join(small, "btrfs.img"), sizeBytes: undefined };
  await expect(createBtrfsStorage(options).open()).rejects.toMatchObject({ code: "no_space" });
  expect(await readdir(small)).toEqual([]);
});

it("takes four fifths of the free space when no size is asked", async () => {
  await using place = await testPlace();
  const disk = join(place.folder, "disk");
  await using _disk = await mountTmpfs(disk, "4g");
  const options = { ...place.options, image: join(disk, "btrfs.img"), sizeBytes: undefined };
  await createBtrfsStorage(options).open();
  try {
    const { size } = await stat(options.image);
    expect(size / 2 ** 30).toBeCloseTo(3.2, 1);
  } finally {
    await closeBtrfsPool(options);
  }
});

it("tells no more free space than the disk below has, and starts nothing on a full one", async () => {
  await using place = await testPlace();
  const disk = join(place.folder, "disk");
  await using _disk = await mountTmpfs(disk, "200m");
  const options = { ...place.options, image: join(disk, "btrfs.img"), sizeBytes: 4096 * MiB };
  const driver = createBtrfsStorage(options);
  await driver.open();
  try {
    expect((await driver.capacity()).total).toBe(4096 * MiB);
    expect((await driver.capacity()).free).toBeLessThan(200 * MiB);
    await driver.create("web");
    await driver.snapshot("web", "s1");

    await using filler = await open(join(disk, "filler"), "w");
    await filler.writeFile(Buffer.alloc((await statfs(disk)).bavail * 4096 - 32 * MiB, 1));

    await expect(driver.create("two")).rejects.toMatchObject({ code: "no_space" });
    await expect(driver.clone("web", "s1", "two")).rejects.toMatchObject({ code: "no_space" });
    await expect(driver.snapshot("web", "s2")).rejects.toMatchObject({ code: "no_space" });
    await driver.revert("web", "s1");
    await driver.remove("web");
  } finally {
    await closeBtrfsPool(options);
  }
});

it("leaves a file alone that is no btrfs", async () => {
  await using place = await testPlace();
  await writeFile(place.options.image, "a letter");
  await expect(createBtrfsStorage(place.options).open()).rejects.toMatchObject({ code: "internal" });
  expect(await readFile(place.options.image, "utf8")).toBe("a letter");
  expect(await readdir(place.folder)).toEqual(["btrfs.img"]);
});

it("leaves a damaged image alone, and no device attached to it", async () => {
  await using pool = await testPool();
  await closeBtrfsPool(pool.options);
  await truncate(pool.options.image, 100 * MiB);
  await expect(createBtrfsStorage(pool.options).open()).rejects.toMatchObject({ code: "internal" });
  expect((await stat(pool.options.image)).size).toBe(100 * MiB);
  expect(await loopDevicesOf(pool.options.image)).toEqual([]);
});

it("does not mount over something else", async () => {
  await using place = await testPlace();
  await using _other = await mountTmpfs(place.options.mountpoint, "1m");
  const driver = createBtrfsStorage(place.options);
  await expect(driver.open()).rejects.toThrow(/tmpfs.* is mounted at/);
  expect(await mountsAt(place.options.mountpoint)).toHaveLength(1);
  // Only so that the place can be cleared: the foreign mount goes first.
  await run("mount", ["-t", "tmpfs", "tmpfs", place.options.mountpoint]);
  await run("umount", [place.options.mountpoint]);
});

it("grows in use, and never shrinks", async () => {
  await using pool = await testPool(256 * MiB);
  await pool.driver.grow(512 * MiB);
  await pool.driver.grow(512 * MiB);
  expect((await pool.driver.capacity()).total).toBe(512 * MiB);
  await expect(pool.driver.grow(256 * MiB)).rejects.toMatchObject({ code: "invalid_request" });
  const beyond = pool.driver.grow(2 ** 50);
  await expect(beyond).rejects.toMatchObject({
    code: "invalid_request",
    message: expect.stringMatching(/cannot hold 1125899906842624 bytes: \d+ are in the file and \d+ are free/),
    details: { most_bytes: expect.any(Number) },
  });
  expect((await pool.driver.capacity()).total).toBe(512 * MiB);
  await closeBtrfsPool(pool.options);
  await pool.driver.grow(768 * MiB);
  expect((await pool.driver.capacity()).total).toBe(768 * MiB);
});

it.each([
  ["is still mounted", async () => undefined],
  ["is mounted anew", closeBtrfsPool],
])("ends at the next start what a grow began before a kill, where the pool %s", async (_how, meanwhile) => {
  await using pool = await testPool(256 * MiB);
  await truncate(pool.options.image, 512 * MiB);
  expect((await pool.driver.capacity()).total).toBe(256 * MiB);
  await meanwhile(pool.options);
  const next = createBtrfsStorage(pool.options);
  await next.open();
  expect((await next.capacity()).total).toBe(512 * MiB);
});

it("has the larger of two sizes that were asked for at once", async () => {
  await using pool = await testPool(256 * MiB);
  const grown = [pool.driver.grow(768 * MiB), pool.driver.grow(512 * MiB)];
  expect((await Promise.allSettled(grown)).map(({ status }) => status)).toEqual(["fulfilled", "rejected"]);
  expect((await pool.driver.capacity()).total).toBe(768 * MiB);
});

it("uses a folder on a btrfs as it is, and does not touch that btrfs otherwise", async () => {
  await using pool = await testPool();
  const path = join(pool.options.mountpoint, "given");
  await mkdir(path);
  await writeFile(join(path, "theirs"), "kept");
  const options = { ...pool.options, path };
  const driver = createBtrfsStorage(options);
  await driver.open();
  await driver.create("web");
  await driver.snapshot("web", "s1");
  await driver.settle("web", AbortSignal.timeout(30_000));

  expect((await readdir(path)).sort()).toEqual([".dockersnap", "instances", "snapshots", "theirs"]);
  expect(driver.path("web")).toBe(join(path, "instances", "web"));
  expect(driver.dirtyDataBounded).toBe(false);
  await expect(driver.grow(1024 * MiB)).rejects.toMatchObject({ code: "wrong_state" });
  await closeBtrfsPool(options);
  expect(await driver.list()).toEqual([{ id: "web", present: true, snapshots: ["s1"] }]);
  await driver.remove("web");
});

it("refuses a folder that is not on btrfs or not there", async () => {
  await using place = await testPlace();
  for (const path of ["/proc", join(place.folder, "absent")]) {
    const options = { ...place.options, path };
    await expect(createBtrfsStorage(options).open()).rejects.toMatchObject({ code: "internal" });
    expect(await probeBtrfs(options)).toEqual({ usable: false, reason: expect.stringContaining(path) });
  }
  expect(await readdir(place.folder)).toEqual([]);
});

it("is usable here, and probing makes nothing", async () => {
  await using place = await testPlace();
  expect(await probeBtrfs(place.options)).toEqual({ usable: true });
  expect(await readdir(place.folder)).toEqual([]);
});
