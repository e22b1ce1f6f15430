import { mkdir, open, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { run } from "../../src/process/run.ts";
import { createBtrfsStorage } from "../../src/storage-btrfs/storage.ts";
import { MiB, testPool } from "./test-pool.ts";

/** Numbers that look random and are the same in every run. */
function numbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

/** Write part of a file as a database would: in its place, in pieces, over the middle of what is there. */
async function rewrite(file: string, next: (below: number) => number): Promise<void> {
  await using handle = await open(file, "r+").catch(() => open(file, "w+"));
  for (let piece = 0; piece < 8; piece += 1) {
    const block = Buffer.alloc(64 * 1024 * (1 + next(4)), next(255) + 1);
    await handle.write(block, 0, block.length, next(96) * 64 * 1024);
  }
  await handle.sync();
}

/** What btrfs itself finds when it keeps account: for each path what it refers to and what it alone holds. */
async function account(mount: string, paths: readonly string[]) {
  const idOf = async (path: string) => `0/${(await run("btrfs", ["inspect-internal", "rootid", path])).stdout.trim()}`;
  const ids = await Promise.all(paths.map(idOf));
  const btrfs = (...args: string[]) => run("btrfs", args, { timeoutMs: 120_000 });
  await btrfs("quota", "enable", mount);
  await btrfs("qgroup", "create", "1/1", mount);
  for (const id of ids) await btrfs("qgroup", "assign", "--no-rescan", id, "1/1", mount);
  await btrfs("quota", "rescan", "-w", mount);
  const { stdout } = await btrfs("qgroup", "show", "--raw", mount);
  await btrfs("quota", "disable", mount);
  const groups = new Map(
    [...stdout.matchAll(/^(\d+\/\d+) +(\d+) +(\d+) /gm)].map(([, id = "", refers, alone]) => [
      id,
      { referenced: Number(refers), exclusive: Number(alone) },
    ]),
  );
  return { members: ids.map((id) => groups.get(id)), together: groups.get("1/1") };
}

it("agrees with btrfs' own account after snapshots, removals, reverts, clones and rewrites in any order", async () => {
  await using pool = await testPool(2048 * MiB);
  const { driver, options } = pool;
  const next = numbers(20_261_122);
  await driver.create("web");
  const labels = { web: [] as string[], two: [] as string[] };
  const of = (name: "web" | "two") => labels[name];
  let present: ("web" | "two")[] = ["web"];
  for (let act = 0; act < 60; act += 1) {
    const name = present[next(present.length)] ?? "web";
    const label = of(name)[next(of(name).length)];
    for (const file of ["a", "b"]) await rewrite(join(driver.path(name), file), next);
    const what = next(8);
    if (what < 5 || label === undefined) {
      await driver.snapshot(name, `s${act}`);
      of(name).push(`s${act}`);
    } else if (what === 5) {
      await driver.removeSnapshot(name, label);
      labels[name] = of(name).filter((one) => one !== label);
    } else if (what === 6) {
      await driver.revert(name, label);
    } else if (name === "web" && !present.includes("two")) {
      await driver.clone("web", label, "two");
      present = ["web", "two"];
    }
  }
  expect(labels.web.length + labels.two.length).toBeGreaterThan(20);
  expect(present).toContain("two");
  await run("btrfs", ["filesystem", "sync", options.mountpoint]);
  await run("btrfs", ["subvolume", "sync", options.mountpoint], { timeoutMs: 120_000 });

  for (const name of present) {
    const usage = await driver.usage(name, AbortSignal.timeout(60_000));
    const snapshots = of(name).map((label) => join(options.mountpoint, "snapshots", name, label));
    const truth = await account(options.mountpoint, [driver.path(name), ...snapshots]);
    const ours = [usage.dataset, ...of(name).map((label) => usage.snapshots[label])];
    for (const mine of ours) {
      expect(mine?.shared).toBeGreaterThanOrEqual(0);
      expect((mine?.referenced ?? 0) - (mine?.shared ?? 0)).toBeLessThanOrEqual(mine?.exclusive ?? 0);
    }
    // What btrfs counts beside contents: a few nodes of 16 KiB a tree.
    const near = (a = 0, b = 0) => Math.abs(a - b) <= 160 * 1024;
    const wrong = ours.flatMap((mine, index) =>
      near(mine?.exclusive, truth.members[index]?.exclusive) ? [] : [{ index, mine, truth: truth.members[index] }],
    );
    expect(wrong).toEqual([]);
    expect(Math.abs(usage.freedByRemoval - (truth.together?.exclusive ?? 0))).toBeLessThan(ours.length * 160 * 1024);
    for (const [index, mine] of ours.entries()) {
      // It counts an extent whole, of which only a part is in use any more.
      expect(mine?.referenced).toBeLessThanOrEqual((truth.members[index]?.referenced ?? 0) + 1);
    }
  }
});

it("shares nothing where extents were overwritten in part, which hold more than is in use", async () => {
  await using pool = await testPool();
  const { driver } = pool;
  await driver.create("web");
  const file = join(driver.path("web"), "table");
  // Four megabytes in one extent, of which the file soon uses a sixty-fourth, then pages over pages.
  const write = (count: number, offset: number) =>
    run("dd", ["if=/dev/urandom", `of=${file}`, "bs=64K", `count=${count}`, `seek=${offset}`, "conv=notrunc,fsync"]);
  await write(64, 0);
  await write(63, 0);
  const alone = await driver.usage("web", AbortSignal.timeout(60_000));
  expect(alone.dataset).toMatchObject({ referenced: 4 * MiB, shared: 0 });
  expect(alone.dataset.exclusive).toBeGreaterThan(7 * MiB);

  await driver.snapshot("web", "s1");
  await write(32, 0);
  const { dataset, snapshots } = await driver.usage("web", AbortSignal.timeout(60_000));
  expect(dataset).toMatchObject({ referenced: 4 * MiB, shared: 2 * MiB, exclusive: 2 * MiB });
  // What it refers to and the dataset does not is in an extent that both hold.
  expect(snapshots.s1).toMatchObject({ referenced: 4 * MiB, shared: 4 * MiB, exclusive: 0 });
});

it("takes no name of a file for a figure", async () => {
  await using pool = await testPool();
  const { driver } = pool;
  await driver.create("web");
  await writeFile(join(driver.path("web"), "file"), Buffer.alloc(MiB, 7));
  const line = (length: number) => `inode 259 file offset 0 len ${length} disk start 9999 offset 0 gen 9 flags NONE x`;
  for (const name of [`a\n${line(2 ** 40)}\n`, "9999 99999999 99999999 9", "a\n9999 99999999 99999999 9\n"]) {
    await writeFile(join(driver.path("web"), name), Buffer.alloc(MiB, 7));
  }
  const { dataset } = await driver.usage("web", AbortSignal.timeout(60_000));
  expect(dataset).toEqual({ referenced: 4 * MiB, shared: 0, exclusive: 4 * MiB });
});

it("measures while snapshots come and go, and tells of none as nothing", async () => {
  await using pool = await testPool();
  const { driver } = pool;
  await driver.create("web");
  await writeFile(join(driver.path("web"), "file"), Buffer.alloc(MiB, 7));
  await driver.snapshot("web", "stays");
  let isOver = false;
  const others = (async () => {
    for (let round = 0; !isOver; round += 1) {
      await driver.snapshot("web", `s${round}`);
      await driver.removeSnapshot("web", `s${round}`);
    }
  })();
  for (let look = 0; look < 10; look += 1) {
    const usage = await driver.usage("web", AbortSignal.timeout(60_000)).catch((error: unknown) => {
      expect(error).toMatchObject({ code: "not_ready" });
    });
    for (const one of usage === undefined ? [] : [usage.dataset, ...Object.values(usage.snapshots)]) {
      expect(one).toEqual({ referenced: MiB, shared: MiB, exclusive: 0 });
    }
  }
  isOver = true;
  await others;
});

it("answers who asks at once from one look, and lets go of one who does not wait", async () => {
  await using pool = await testPool();
  const { driver } = pool;
  await driver.create("web");
  await rewrite(join(driver.path("web"), "a"), numbers(1));
  const gone = new AbortController();
  const left = driver.usage("web", gone.signal);
  const stays = [driver.usage("web", AbortSignal.timeout(60_000)), driver.usage("web", AbortSignal.timeout(60_000))];
  gone.abort(new Error("enough"));
  await expect(left).rejects.toThrow("enough");
  const [one, other] = await Promise.all(stays);
  expect(one).toEqual(other);
  expect(one?.dataset.referenced).toBeGreaterThan(0);
});

it("finds its own in a folder of a btrfs that others use too, whatever they call theirs", async () => {
  await using pool = await testPool();
  const top = join(pool.options.mountpoint, "a volume");
  await run("btrfs", ["subvolume", "create", top]);
  const path = join(top, "deep down", "pool");
  await mkdir(path, { recursive: true });
  await mkdir(join(top, "instances"));
  await run("btrfs", ["subvolume", "create", join(top, "instances", "web")]);
  const driver = createBtrfsStorage({ ...pool.options, path });
  await driver.open();
  await driver.create("web");
  await writeFile(join(driver.path("web"), "file"), Buffer.alloc(MiB, 7));
  await driver.snapshot("web", "s1");
  await rm(join(driver.path("web"), "file"));

  expect(await driver.usage("web", AbortSignal.timeout(60_000))).toEqual({
    dataset: { referenced: 0, shared: 0, exclusive: 0 },
    snapshots: { s1: { referenced: MiB, shared: 0, exclusive: MiB } },
    freedByRemoval: MiB,
  });
});
