import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { describe, expect, it } from "vitest";
import { run } from "../../src/process/run.ts";
import { exchangeTrees } from "../../src/storage-btrfs/exchange.ts";
import { createBtrfsStorage } from "../../src/storage-btrfs/storage.ts";
import { createSubvolume, snapshotSubvolume } from "../../src/storage-btrfs/subvolume.ts";
import { testPool } from "./test-pool.ts";

/** `web` reads "now", its snapshots s1 and s2 read as they are called. */
async function testWorld() {
  const pool = await testPool();
  const path = pool.driver.path("web");
  const file = join(path, "file");
  await pool.driver.create("web");
  for (const moment of ["s1", "s2"]) {
    await writeFile(file, moment);
    await pool.driver.snapshot("web", moment);
  }
  await writeFile(file, "now");
  return {
    ...pool,
    path,
    /** Where the trees of a swap wait, without their endings. */
    waiting: join(pool.options.mountpoint, ".dockersnap/swap/web"),
    read: () => readFile(file, "utf8"),
    instances: async () => {
      const folders = ["instances", ".dockersnap/swap", ".dockersnap/making", ".dockersnap/removed"];
      return (await Promise.all(folders.map((name) => readdir(join(pool.options.mountpoint, name))))).flat().sort();
    },
    snapshot: (label: string) => join(pool.options.mountpoint, "snapshots/web", label),
  };
}

type World = Awaited<ReturnType<typeof testWorld>>;

/** What a revert to s1 leaves when it is killed, and what its dataset reads once that is cleared up. */
const interruptions: readonly { at: string; leave: (world: World) => Promise<void>; reads: string }[] = [
  {
    at: "after the new tree is made",
    async leave({ waiting, snapshot }) {
      await snapshotSubvolume(snapshot("s1"), `${waiting}.new`, "writable");
    },
    reads: "now",
  },
  {
    at: "after the two trees changed places",
    async leave({ path, waiting, snapshot }) {
      await snapshotSubvolume(snapshot("s1"), `${waiting}.new`, "writable");
      await exchangeTrees(`${waiting}.new`, path);
    },
    reads: "s1",
  },
  {
    at: "between the two renames of an earlier version",
    async leave({ path, waiting, snapshot }) {
      await snapshotSubvolume(snapshot("s1"), `${waiting}.new`, "writable");
      await rename(path, `${waiting}.old`);
    },
    reads: "now",
  },
  {
    at: "before the old tree is deleted, by an earlier version",
    async leave({ path, waiting, snapshot }) {
      await snapshotSubvolume(snapshot("s1"), `${waiting}.new`, "writable");
      await rename(path, `${waiting}.old`);
      await rename(`${waiting}.new`, path);
    },
    reads: "s1",
  },
];

describe.each(interruptions)("a revert killed $at", ({ leave, reads }) => {
  it("is cleared up by the next start", async () => {
    await using world = await testWorld();
    await leave(world);
    await createBtrfsStorage(world.options).open();
    expect(await world.instances()).toEqual(["web"]);
    expect(await world.read()).toBe(reads);
  });

  it("still has its dataset in the list", async () => {
    await using world = await testWorld();
    await leave(world);
    expect(await world.driver.list()).toEqual([{ id: "web", present: true, snapshots: ["s1", "s2"] }]);
  });

  it("is done when it is called again", async () => {
    await using world = await testWorld();
    await leave(world);
    await world.driver.revert("web", "s1");
    expect(await world.instances()).toEqual(["web"]);
    expect(await world.read()).toBe("s1");
  });

  it("is taken back by a revert to another snapshot", async () => {
    await using world = await testWorld();
    await leave(world);
    await world.driver.revert("web", "s2");
    expect(await world.instances()).toEqual(["web"]);
    expect(await world.read()).toBe("s2");
  });

  it("leaves a dataset of which a snapshot can be taken", async () => {
    await using world = await testWorld();
    await leave(world);
    await world.driver.snapshot("web", "s3");
    expect(await world.instances()).toEqual(["web"]);
    expect(await readFile(join(world.snapshot("s3"), "file"), "utf8")).toBe(reads);
  });

  it("leaves its name taken", async () => {
    await using world = await testWorld();
    await leave(world);
    await expect(world.driver.create("web")).rejects.toMatchObject({ code: "already_exists" });
    expect(await world.read()).toBe(reads);
  });

  it("leaves nothing behind when the dataset is removed", async () => {
    await using world = await testWorld();
    await leave(world);
    await world.driver.remove("web");
    await world.driver.open();
    expect(await world.instances()).toEqual([]);
    expect(await world.driver.list()).toEqual([]);
  });
});

it("survives SIGKILL in the middle of reverts, again and again", async () => {
  await using world = await testWorld();
  const source = `
    import { createBtrfsStorage } from ${JSON.stringify(join(import.meta.dirname, "../../src/storage-btrfs/storage.ts"))};
    const driver = createBtrfsStorage(${JSON.stringify(world.options)});
    await driver.open();
    for (;;) for (const label of ["s1", "s2"]) { console.log(label); await driver.revert("web", label); }
  `;
  for (const reverts of [1, 2, 3, 4, 5, 6]) {
    const child = spawn(process.execPath, ["--input-type=module", "-e", source], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const over = once(child, "exit");
    let begun = 0;
    for await (const _label of createInterface(child.stdout)) {
      begun += 1;
      if (begun > reverts) child.kill("SIGKILL");
    }
    await over;

    // A command the killed process had begun ends by itself; one call more sees what it left.
    const next = createBtrfsStorage(world.options);
    await next.open();
    expect(["s1", "s2"]).toContain(await world.read());
    await next.revert("web", "s1");
    expect(await world.instances()).toEqual(["web"]);
    expect(await world.read()).toBe("s1");
  }
});

it("has a whole tree in its place at any time while it is reverted", async () => {
  await using world = await testWorld();
  await run("chattr", ["+i", world.path]);
  const look = `$| = 1; print "looks\n"; while (!-e $ARGV[1]) { -e $ARGV[0] or print "absent\n" }`;
  const end = join(world.options.mountpoint, "over");
  const child = spawn("env", ["perl", "-e", look, join(world.path, "file"), end], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  expect((await lines.next()).value).toBe("looks");
  for (let round = 0; round < 20; round += 1) await world.driver.revert("web", round % 2 === 0 ? "s1" : "s2");
  await writeFile(end, "");
  expect((await lines.next()).value).toBeUndefined();
});

it("never drops a dataset from the list while it is reverted", async () => {
  await using world = await testWorld();
  let reverting = true;
  const reverts = (async () => {
    for (let round = 0; round < 10; round += 1) await world.driver.revert("web", round % 2 === 0 ? "s1" : "s2");
    reverting = false;
  })();
  while (reverting) {
    expect(await world.driver.list()).toEqual([{ id: "web", present: true, snapshots: ["s1", "s2"] }]);
  }
  await reverts;
});

it("never touches what an administrator put beside datasets, whatever it is called", async () => {
  await using world = await testWorld();
  for (const ending of ["old", "new"]) {
    await createSubvolume(`${world.path}.${ending}`);
    await writeFile(`${world.path}.${ending}/file`, "precious");
  }
  await createSubvolume(join(world.options.mountpoint, "snapshots/web/.by-hand"));

  await world.driver.revert("web", "s1");
  await createBtrfsStorage(world.options).open();
  await world.driver.remove("web");
  await createBtrfsStorage(world.options).open();

  for (const ending of ["old", "new"]) expect(await readFile(`${world.path}.${ending}/file`, "utf8")).toBe("precious");
  expect(await world.driver.list()).toEqual([]);
});
