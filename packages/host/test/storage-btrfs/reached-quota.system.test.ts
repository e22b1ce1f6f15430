import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it, type TestContext } from "vitest";
import { run } from "../../src/process/run.ts";
import { createSubvolume, rootId } from "../../src/storage-btrfs/subvolume.ts";
import { subvolumesBelow } from "../../src/storage-btrfs/subvolume-list.ts";
import { MiB, testPool } from "./test-pool.ts";

/** `web` with a quota, its snapshot s1, and the nested subvolumes `sub` and `sub/inner` that came after it. */
async function testWorld(context: TestContext) {
  const pool = await testPool();
  const { driver } = pool;
  const support = await driver.quotaSupport();
  if (!support.usable) context.skip(support.reason);
  await driver.create("web");
  const web = driver.path("web");
  await writeFile(join(web, "file"), "kept");
  await driver.snapshot("web", "s1");
  await driver.setQuota("web", 16 * MiB);
  for (const path of ["sub", "sub/inner"]) await createSubvolume(join(web, path));
  const mount = pool.options.mountpoint;
  return {
    ...pool,
    web,
    mount,
    qgroup: async (...args: readonly string[]) => void (await run("btrfs", ["qgroup", ...args, mount])),
    idOf: async (path: string) => `0/${await rootId(join(web, path))}`,
    subvolumes: async () => (await subvolumesBelow(mount)).map(({ path }) => path.toString()).sort(),
  };
}

type World = Awaited<ReturnType<typeof testWorld>>;

/** Write files of every size until the kernel refuses even an empty one for the quota. */
async function exhaust(folder: string): Promise<void> {
  const script = `chdir($ARGV[0]) or die;
    my $count = 0;
    for my $size (1 << 20, 1 << 16, 1 << 12, 0) {
      while (1) {
        open(my $file, ">", "x" x 200 . $count++) or last;
        syswrite($file, "y" x $size) // last;
        close($file) or last;
      }
      system("sync", "-f", ".");
    }
    $!{EDQUOT} or die "$!\\n";`;
  await run("perl", ["-MErrno", "-e", script, folder]);
}

const bounds: readonly { what: string; reach: (world: World) => Promise<void> }[] = [
  {
    what: "at the quota of the instance",
    reach: ({ web }) => exhaust(join(web, "sub")),
  },
  {
    what: "at the quota of the instance, read-only, with flags on what they lie in",
    async reach({ web }) {
      for (const path of ["sub", "."]) await run("chattr", ["+i", join(web, path)]);
      await exhaust(join(web, "sub/inner"));
      await run("btrfs", ["property", "set", "-ts", join(web, "sub/inner"), "ro", "true"]);
    },
  },
  {
    what: "at a limit that the workload set on one of them",
    async reach({ web, qgroup, idOf }) {
      await qgroup("limit", "1M", await idOf("sub"));
      await qgroup("limit", "-e", "1M", await idOf("sub"));
      await exhaust(join(web, "sub"));
    },
  },
  {
    what: "in quota groups that the workload made, one in the other",
    async reach({ web, qgroup, idOf }) {
      for (const group of ["1/7", "2/7"]) await qgroup("create", group);
      await qgroup("assign", "1/7", "2/7");
      await qgroup("assign", await idOf("sub"), "1/7");
      await qgroup("limit", "1M", "2/7");
      await exhaust(join(web, "sub"));
    },
  },
];

describe.each(bounds)("nested subvolumes $what", ({ reach }) => {
  it("do not keep their dataset from being removed", async (context) => {
    await using world = await testWorld(context);
    await reach(world);
    await world.driver.remove("web");
    expect(await world.driver.setAside()).toEqual([]);
    expect(await world.subvolumes()).toEqual([]);
  });

  it("do not keep it from getting another name", async (context) => {
    await using world = await testWorld(context);
    await reach(world);
    await world.driver.rename("web", "two");
    const filling = run("dd", [
      "if=/dev/zero",
      `of=${join(world.driver.path("two"), "sub/inner/more")}`,
      "bs=1M",
      "count=32",
    ]);
    await expect(filling).rejects.toThrow();
    expect(await world.driver.charge("two")).toBeLessThanOrEqual(16 * MiB);
    await world.driver.remove("two");
    expect(await world.subvolumes()).toEqual([]);
  });

  it("do not keep it from being reverted, nor are they put aside", async (context) => {
    await using world = await testWorld(context);
    await reach(world);
    await world.driver.revert("web", "s1");
    expect(await readdir(world.web)).toEqual(["file"]);
    expect(await world.driver.setAside()).toEqual([]);
    expect(await world.subvolumes()).toEqual(["instances/web", "snapshots/web/s1"]);
    expect(await world.driver.charge("web")).toBeLessThan(MiB);
  });
});
