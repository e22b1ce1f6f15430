import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { access, chmod, mkdir, readdir, readFile, stat, symlink, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { run } from "../../src/process/run.ts";
import { createBtrfsStorage } from "../../src/storage-btrfs/storage.ts";
import { createSubvolume, rootId } from "../../src/storage-btrfs/subvolume.ts";
import { subvolumesBelow } from "../../src/storage-btrfs/subvolume-list.ts";
import { createTreeComparer } from "../../src/trees/comparer.ts";
import { MiB, testPool } from "./test-pool.ts";

const patience = () => AbortSignal.timeout(60_000);

/** A pool with the datasets `web` and `other`, each with a file that reads as the dataset is called. */
async function testWorld() {
  const pool = await testPool();
  for (const id of ["web", "other"]) {
    await pool.driver.create(id);
    await writeFile(join(pool.driver.path(id), "file"), id);
  }
  return {
    ...pool,
    web: pool.driver.path("web"),
    other: pool.driver.path("other"),
    subvolumes: async () => (await subvolumesBelow(pool.options.mountpoint)).map(({ path }) => path.toString()).sort(),
  };
}

type World = Awaited<ReturnType<typeof testWorld>>;

/** `sub`, `sub/inner` and `sub/kept` in a folder of `web`, the last one read-only, each with a file. */
async function nest({ web }: World): Promise<void> {
  await mkdir(join(web, "var"));
  for (const path of ["var/sub", "var/sub/inner", "var/sub/kept"]) {
    await createSubvolume(join(web, path));
    await writeFile(join(web, path, "file"), path);
  }
  await setReadOnly(join(web, "var/sub/kept"), true);
}

async function setReadOnly(path: string, value: boolean): Promise<void> {
  await run("btrfs", ["property", "set", "-ts", path, "ro", String(value)]);
}

/** What each nested one of a tree says, and how its file answers a writer. */
async function nestedIn(tree: string) {
  const one = async (path: string) => {
    const file = join(tree, path, "file");
    const answer = await access(join(tree, path), 2).then(
      () => "writable",
      (error: NodeJS.ErrnoException) => error.code,
    );
    return [path, `${await readFile(file, "utf8")}, ${answer}`] as const;
  };
  const paths = (await subvolumesBelow(tree)).map(({ path }) => path.toString());
  return Object.fromEntries(await Promise.all(paths.map(one)));
}

const asMade = {
  "var/sub": "var/sub, writable",
  "var/sub/inner": "var/sub/inner, writable",
  "var/sub/kept": "var/sub/kept, EROFS",
};

describe("subvolumes that a workload made inside its dataset", () => {
  it("are in a snapshot, where none of them can be written", async () => {
    await using world = await testWorld();
    await nest(world);
    await world.driver.snapshot("web", "s1");
    expect(await nestedIn(world.driver.snapshotPath("web", "s1"))).toEqual({
      "var/sub": "var/sub, EROFS",
      "var/sub/inner": "var/sub/inner, EROFS",
      "var/sub/kept": "var/sub/kept, EROFS",
    });
  });

  it("come back with a revert, those read-only that were", async () => {
    await using world = await testWorld();
    await nest(world);
    await world.driver.snapshot("web", "s1");
    await writeFile(join(world.web, "var/sub/inner/file"), "later");
    await setReadOnly(join(world.web, "var/sub/kept"), false);
    await createSubvolume(join(world.web, "var/sub/kept/later"));

    await world.driver.revert("web", "s1");
    expect(await nestedIn(world.web)).toEqual(asMade);
    await world.driver.revert("web", "s1");
    expect(await nestedIn(world.web)).toEqual(asMade);
  });

  it("are in a clone, which needs neither its source nor the snapshot any more", async () => {
    await using world = await testWorld();
    await nest(world);
    await world.driver.snapshot("web", "s1");
    await world.driver.renameSnapshot("web", "s1", "golden");
    await world.driver.clone("web", "golden", "two");
    await world.driver.remove("web");
    expect(await nestedIn(world.driver.path("two"))).toEqual(asMade);
    await world.driver.rename("two", "three");
    await world.driver.snapshot("three", "s1");
    await world.driver.revert("three", "s1");
    expect(await nestedIn(world.driver.path("three"))).toEqual(asMade);
    await world.driver.remove("three");
    expect(await world.subvolumes()).toEqual(["instances/other"]);
  });

  it("are taken while what writes is held still, and others are not held", async () => {
    await using world = await testWorld();
    const seen: string[] = [];
    const still = async () => {
      seen.push("held");
      return { [Symbol.asyncDispose]: async () => void seen.push("let go") };
    };
    await world.driver.snapshot("web", "s1", still);
    expect(seen).toEqual([]);
    await nest(world);
    await world.driver.snapshot("web", "s2", still);
    expect(seen).toEqual(["held", "let go"]);
  });

  it("leave nothing when the snapshot cannot be taken, and what was held is let go", async () => {
    await using world = await testWorld();
    await nest(world);
    const before = await world.subvolumes();
    const refusal = new Error("cannot be held");
    await expect(world.driver.snapshot("web", "s1", () => Promise.reject(refusal))).rejects.toThrow("cannot be held");
    expect(await world.subvolumes()).toEqual(before);
    expect(await world.driver.hasSnapshot("web", "s1")).toBe(false);
  });

  it("have the folder they lie in keep its time of change and its flags", async () => {
    await using world = await testWorld();
    await nest(world);
    await run("touch", ["-d", "2001-02-03T04:05:06.123456789Z", join(world.web, "var")]);
    await run("chattr", ["+i", join(world.web, "var"), join(world.web, "var/sub")]);
    await world.driver.snapshot("web", "s1");
    await world.driver.revert("web", "s1");
    expect((await stat(join(world.web, "var"), { bigint: true })).mtimeNs).toBe(981_173_106_123_456_789n);
    for (const path of ["var", "var/sub"]) {
      expect((await run("lsattr", ["-d", join(world.web, path)])).stdout.split(" ")[0]).toContain("i");
    }
    // A flag keeps a subvolume from being written in its own way.
    expect(await nestedIn(world.web)).toEqual({ ...asMade, "var/sub": "var/sub, EPERM" });
  });

  it("are gone through when two moments are compared", async () => {
    await using world = await testWorld();
    await nest(world);
    await world.driver.snapshot("web", "s1");
    await writeFile(join(world.web, "var/sub/inner/file"), "later");
    const { trees } = await createTreeComparer().compare(
      {
        pairs: [
          {
            from: { root: world.driver.snapshotPath("web", "s1"), folder: "var", below: [] },
            to: { root: world.web, folder: "var", below: [] },
          },
        ],
        suspectSince: new Date(0),
        bounds: { listedPerTree: 100, listed: 100, entries: 10_000, readBytes: 1e6, ms: 20_000 },
      },
      patience(),
    );
    expect(trees).toMatchObject([{ from: { files: 3 }, to: { files: 3 }, incomplete: false }]);
    expect(trees[0]?.changes.map(({ change, path }) => `${change} ${path}`)).toEqual(["changed sub/inner/file"]);
  });

  it("are in the usage of their dataset and of its snapshots", async () => {
    await using world = await testWorld();
    await createSubvolume(join(world.web, "sub"));
    await run("dd", ["if=/dev/urandom", `of=${join(world.web, "sub/data")}`, "bs=1M", "count=3", "conv=fsync"]);
    await world.driver.snapshot("web", "s1");
    const { dataset, snapshots } = await world.driver.usage("web", patience());
    expect([dataset.referenced, snapshots.s1?.referenced].map((bytes = 0) => Math.floor(bytes / MiB))).toEqual([3, 3]);
    expect(Math.floor(dataset.exclusive / MiB)).toBe(0);
    await run("dd", ["if=/dev/urandom", `of=${join(world.web, "sub/data")}`, "bs=1M", "count=2", "conv=fsync"]);
    const later = await world.driver.usage("web", patience());
    expect(Math.floor(later.dataset.exclusive / MiB)).toBe(2);
    expect(Math.floor((later.snapshots.s1?.exclusive ?? 0) / MiB)).toBe(3);
  });

  it("count against the quota of their dataset, before and after a revert", async () => {
    await using world = await testWorld();
    if (!(await world.driver.quotaSupport()).usable) return;
    await createSubvolume(join(world.web, "sub"));
    await world.driver.snapshot("web", "s1");
    await world.driver.setQuota("web", 16 * MiB);
    const filling = () =>
      run("dd", ["if=/dev/zero", `of=${join(world.web, "sub/data")}`, "bs=1M", "count=32", "conv=fsync"]);
    await expect(filling()).rejects.toThrow("quota");
    await world.driver.revert("web", "s1");
    await expect(filling()).rejects.toThrow("quota");
    await world.driver.revert("web", "s1");
    expect(await readdir(join(world.web, "sub"))).toEqual([]);
  });
});

describe("a name that looks like what btrfs prints", () => {
  it.each(["remove", "revert"])("leads no %s to another dataset", async (verb) => {
    await using world = await testWorld();
    await world.driver.snapshot("web", "s1");
    const [own, others] = [await rootId(world.web), await rootId(world.other)];
    const [web, name] = [world.web, `x\nID ${others} gen 1 top level ${own} path y`];
    await run("btrfs", ["subvolume", "create", name], { cwd: web });
    const folder = `x\nID ${others} gen 1 cgen 1 top level 5 parent_uuid - path instances`;
    await mkdir(join(web, folder));
    await run("btrfs", ["subvolume", "create", "web"], { cwd: join(web, folder) });
    if (verb === "remove") await world.driver.remove("web");
    else await world.driver.revert("web", "s1");
    expect(await readFile(join(world.other, "file"), "utf8")).toBe("other");
    expect((await world.driver.usage("other", patience())).dataset.referenced).toBe(5);
  });

  it("puts no other dataset under a quota, nor takes one from it", async () => {
    await using world = await testWorld();
    if (!(await world.driver.quotaSupport()).usable) return;
    for (const id of ["web", "other"]) await world.driver.setQuota(id, 64 * MiB);
    const group = (await run("btrfs", ["qgroup", "show", "-p", "--raw", world.options.mountpoint])).stdout;
    const [, parent = ""] = new RegExp(`^0/${await rootId(world.web)} .*(1/\\d+)`, "m").exec(group) ?? [];
    const folder = join(world.web, `x\n0/${await rootId(world.other)} 0 0 none none ${dirname(parent)}`);
    await mkdir(folder, { recursive: true });
    await run("btrfs", ["subvolume", "create", `${basename(parent)} <stale>`], { cwd: folder });

    await world.driver.rename("web", "two");
    await createBtrfsStorage(world.options).open();
    await world.driver.remove("two");
    const filling = run("dd", ["if=/dev/zero", `of=${join(world.other, "data")}`, "bs=1M", "count=96", "conv=fsync"]);
    await expect(filling).rejects.toThrow("quota");
    expect(await world.driver.charge("other")).toBeLessThanOrEqual(64 * MiB);
  });

  it("is copied as it is, be it no text or longer than any path", async () => {
    await using world = await testWorld();
    // In folders so deep that no program gets there by one path, and called by bytes that are no text.
    const script = `use strict; chdir($ARGV[0]) or die;
      for (1 .. 25) { mkdir("d" x 200) or die; chdir("d" x 200) or die; }
      for my $name ("deep", "\\xff\\n\\xfe") {
        system("btrfs", "subvolume", "create", $name) == 0 or die;
        open(my $file, ">", "$name/file") or die; print $file "words"; close($file);
      }`;
    await run("perl", ["-e", script, world.web]);
    const nested = async (tree: string) =>
      (await subvolumesBelow(tree)).map(({ path }) => path.toString("latin1")).sort();
    const made = await nested(world.web);
    expect(made.map((path) => path.length)).toEqual([5029, 5028]);

    await world.driver.snapshot("web", "s1");
    await world.driver.revert("web", "s1");
    expect(await nested(world.web)).toEqual(made);
    expect((await world.driver.usage("other", patience())).dataset.referenced).toBe(5);
    await world.driver.remove("web");
    expect(await world.subvolumes()).toEqual(["instances/other"]);
  });

  it("is not followed where a link is put in its way", async () => {
    await using world = await testWorld();
    await nest(world);
    await world.driver.snapshot("web", "s1");
    await run("mv", [join(world.web, "var"), join(world.web, "elsewhere")]);
    await symlink(world.other, join(world.web, "var"));
    await world.driver.remove("web");
    expect(await readFile(join(world.other, "file"), "utf8")).toBe("other");
    expect(await world.subvolumes()).toEqual(["instances/other"]);
  });
});

describe("what keeps a workload's trees from being deleted", () => {
  /** Each is there when the instance goes, or goes back to s1. */
  const obstacles: readonly { what: string; put: (world: World) => Promise<void> }[] = [
    {
      what: "a read-only subvolume with another in it",
      async put({ web }) {
        await createSubvolume(join(web, "a"));
        await createSubvolume(join(web, "a/b"));
        await setReadOnly(join(web, "a"), true);
      },
    },
    {
      what: "one that was received from elsewhere",
      async put({ web, driver }) {
        const sent = join(web, "stream");
        await run("btrfs", ["send", "-q", "-f", sent, driver.snapshotPath("web", "s1")]);
        await mkdir(join(web, "in"));
        await run("btrfs", ["receive", "-q", "-f", sent, join(web, "in")]);
        await setReadOnly(join(web, "in/s1"), false).catch(() => undefined);
      },
    },
    {
      what: "flags on a folder, on a subvolume in it and on the whole tree",
      async put({ web }) {
        await mkdir(join(web, "folder"));
        await createSubvolume(join(web, "folder/a"));
        for (const path of ["folder/a", "folder", "."]) await run("chattr", ["+i", join(web, path)]);
      },
    },
    {
      what: "a folder that nobody may enter",
      async put({ web }) {
        await mkdir(join(web, "folder"));
        await createSubvolume(join(web, "folder/a"));
        await chmod(join(web, "folder"), 0);
      },
    },
  ];

  it.each(obstacles)("does not keep an instance: $what", async ({ put }) => {
    await using world = await testWorld();
    await world.driver.snapshot("web", "s1");
    await put(world);
    await world.driver.snapshot("web", "s2");
    await world.driver.revert("web", "s1");
    expect(await readdir(world.web)).toEqual(["file"]);
    await world.driver.revert("web", "s2");
    await world.driver.remove("web");
    expect(await world.subvolumes()).toEqual(["instances/other"]);
    expect(await world.driver.setAside()).toEqual([]);
  });

  it("has a snapshot that is being sent put aside until the sending ends", async () => {
    await using world = await testWorld();
    await run("dd", ["if=/dev/urandom", `of=${join(world.web, "data")}`, "bs=1M", "count=8", "conv=fsync"]);
    await world.driver.snapshot("web", "s1");
    await world.driver.snapshot("web", "s2");
    await using sending = await send(world.driver.snapshotPath("web", "s1"));

    await world.driver.removeSnapshot("web", "s1");
    expect(await world.driver.list()).toContainEqual({ id: "web", present: true, snapshots: ["s2"] });
    expect(await world.driver.setAside()).toMatchObject([
      { what: "web@s1", reason: expect.stringMatching(/^process \d+ \("btrfs"\) has it open$/) },
    ]);
    await world.driver.snapshot("web", "s1");
    await world.driver.remove("web");
    expect(await world.driver.hasDataset("web")).toBe(false);
    await world.driver.create("web");
    await world.driver.deleteSetAside();
    expect(await world.driver.setAside()).toHaveLength(1);

    await sending.end();
    await createBtrfsStorage(world.options).open();
    expect(await world.driver.setAside()).toEqual([]);
    expect(await world.subvolumes()).toEqual(["instances/other", "instances/web"]);
  });

  it("has no snapshot taken while a swap file in it is in use, is told why, and leaves nothing of the attempt", async () => {
    await using world = await testWorld();
    const names = ["sub", ...Array.from({ length: 12 }, (_, number) => `sub${number}`)];
    for (const name of names) await createSubvolume(join(world.web, name));
    const before = await world.subvolumes();
    const file = join(world.web, "sub/my swap");
    if (!(await swapOn(file))) return;
    try {
      for (const label of ["s1", "s2", "s3"]) {
        await expect(world.driver.snapshot("web", label)).rejects.toMatchObject({
          code: "wrong_state",
          message: expect.stringMatching(/my swap.*'swapoff'/),
        });
      }
      expect(await world.subvolumes()).toEqual(before);
    } finally {
      await run("swapoff", [file]);
    }
    await world.driver.snapshot("web", "s1");
    expect(await subvolumesBelow(world.driver.snapshotPath("web", "s1"))).toHaveLength(names.length);
  });

  it("has what a daemon that was killed had begun of a snapshot deleted at the next start, or with the dataset", async () => {
    await using world = await testWorld();
    await nest(world);
    const begun = (name: string) => join(dirname(world.driver.snapshotPath("web", "s1")), name);
    const begin = (name: string) => run("btrfs", ["subvolume", "snapshot", world.web, begun(name)]);
    await mkdir(dirname(begun("s1")), { recursive: true });
    await begin(".making.s1");
    await createBtrfsStorage(world.options).open();
    expect(await world.subvolumes()).not.toContainEqual(expect.stringContaining("snapshots"));

    await world.driver.snapshot("web", "s1");
    await begin(".making.s2");
    await world.driver.remove("web");
    await world.driver.deleteSetAside();
    expect(await world.driver.setAside()).toEqual([]);
    expect(await world.subvolumes()).toEqual(["instances/other"]);
  });

  it("has files that somebody put among the snapshots left where they are when the dataset goes", async () => {
    await using world = await testWorld();
    await world.driver.snapshot("web", "s1");
    const note = join(dirname(world.driver.snapshotPath("web", "s1")), "README");
    await writeFile(note, "kept");
    await world.driver.remove("web");
    expect(await readFile(note, "utf8")).toBe("kept");
    await world.driver.create("web");
    await world.driver.snapshot("web", "s1");
    expect(await world.driver.list()).toContainEqual({ id: "web", present: true, snapshots: ["s1"] });
  });

  it("has a tree with a swap file in use put aside, and the revert done", async () => {
    await using world = await testWorld();
    await world.driver.snapshot("web", "s1");
    await createSubvolume(join(world.web, "sub"));
    const file = join(world.web, "sub/my swap");
    if (!(await swapOn(file))) return;
    try {
      await world.driver.revert("web", "s1");
      expect(await readdir(world.web)).toEqual(["file"]);
      expect(await world.driver.setAside()).toMatchObject([
        { what: "web", reason: expect.stringContaining("my swap") },
      ]);
      await world.driver.open();
    } finally {
      const [aside] = await world.driver.setAside();
      await run("swapoff", [aside === undefined ? file : join(aside.path, "sub/my swap")]);
    }
    await world.driver.deleteSetAside();
    expect(await world.driver.setAside()).toEqual([]);
    expect(await world.subvolumes()).toEqual(["instances/other", "instances/web", "snapshots/web/s1"]);
  });
});

/** Whether the new file, which may lie on a btrfs, is swapped to: not every machine lets one be. */
async function swapOn(file: string): Promise<boolean> {
  await run("touch", [file]);
  await run("chattr", ["+C", file]);
  await run("dd", ["if=/dev/zero", `of=${file}`, "bs=1M", "count=8", "conv=fsync"]);
  await chmod(file, 0o600);
  await run("mkswap", [file]);
  return run("swapon", [file]).then(
    () => true,
    () => false,
  );
}

/** A `btrfs send` that has begun and goes on until its output is read. */
async function send(snapshot: string) {
  const child: ChildProcess = spawn("env", ["btrfs", "send", snapshot], { stdio: ["ignore", "pipe", "ignore"] });
  const over = once(child, "exit");
  if (child.stdout !== null) await once(child.stdout, "readable");
  const end = async () => {
    child.kill("SIGKILL");
    child.stdout?.destroy();
    await over;
  };
  return { end, [Symbol.asyncDispose]: end };
}
