import { closeSync, openSync } from "node:fs";
import { mkdir, open, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { sightOf } from "./sight.ts";
import { MiB, testPool } from "./test-pool.ts";

/** Write until the pool takes no more. */
async function fill(file: string): Promise<void> {
  await using handle = await open(file, "w");
  const block = Buffer.alloc(MiB, 1);
  for (;;) {
    try {
      await handle.writeFile(block);
    } catch (error) {
      expect(error).toMatchObject({ code: "ENOSPC" });
      return;
    }
  }
}

/** Make empty files until btrfs has no room for another name. */
function exhaustMetadata(folder: string, round: number): void {
  try {
    for (let count = 0; ; count += 1) closeSync(openSync(join(folder, `${"x".repeat(240)}-${round}-${count}`), "w"));
  } catch (error) {
    expect(error).toMatchObject({ code: "ENOSPC" });
  }
}

it("starts nothing new on a full pool, still snapshots and reverts there, and works again after a removal", async () => {
  await using pool = await testPool(256 * MiB);
  const { driver } = pool;
  await driver.create("web");
  await driver.snapshot("web", "empty");
  await driver.create("big");
  await fill(join(driver.path("big"), "file"));

  await expect(driver.create("two")).rejects.toMatchObject({ code: "no_space" });
  await expect(driver.clone("web", "empty", "two")).rejects.toMatchObject({ code: "no_space" });
  expect((await driver.list()).map(({ id }) => id)).toEqual(["big", "web"]);
  await driver.snapshot("web", "full");
  await driver.revert("web", "empty");
  await driver.removeSnapshot("web", "full");

  await driver.remove("big");

  await driver.create("two");
  await driver.clone("web", "empty", "three");
});

it("answers no_space where btrfs refuses a snapshot, changes nothing by it, and still removes", async () => {
  await using pool = await testPool(128 * MiB);
  const { driver } = pool;
  await driver.create("web");
  await fill(join(driver.path("web"), "file"));
  await driver.snapshot("web", "s1");
  let round = 0;
  // A commit gives back what was only reserved, so that it takes some rounds until nothing is left.
  const takeAll = async () => {
    for (;;) {
      exhaustMetadata(driver.path("web"), round);
      await driver.snapshot("web", `round-${round}`);
      round += 1;
    }
  };

  await expect(takeAll()).rejects.toMatchObject({ code: "no_space" });
  await expect(driver.revert("web", "s1")).rejects.toMatchObject({ code: "no_space" });

  const [web] = await driver.list();
  expect(web?.present).toBe(true);
  expect(web?.snapshots).toHaveLength(round + 1);
  await driver.removeSnapshot("web", "s1");
  await driver.remove("web");
  expect(await driver.list()).toEqual([]);
  await driver.create("web");
});

it("has a revert change nothing that is refused on the way to a full pool, and says that metadata is what is full", async () => {
  await using pool = await testPool(128 * MiB);
  const { driver } = pool;
  await driver.create("many");
  await driver.create("web");
  const file = join(driver.path("web"), "file");
  await writeFile(file, "s1");
  await driver.snapshot("web", "s1");
  await writeFile(file, "now");
  await driver.snapshot("web", "now");

  let reads = "now";
  const refusals: unknown[] = [];
  for (let round = 0; refusals.length < 3; round += 1) {
    const label = reads === "now" ? "s1" : "now";
    await driver.revert("web", label).then(
      () => {
        reads = label;
      },
      (error: unknown) => refusals.push(error),
    );
    expect(await readFile(file, "utf8")).toBe(reads);
    for (let count = 0; count < 500; count += 1) {
      closeSync(openSync(join(driver.path("many"), `${"x".repeat(240)}-${round}-${count}`), "w"));
    }
  }
  for (const error of refusals) expect(error).toMatchObject({ code: "no_space", details: { what: "metadata" } });
  await driver.remove("many");
  await driver.revert("web", "s1");
  expect(await readFile(file, "utf8")).toBe("s1");
});

it("puts parts back on a pool that takes no more names, or leaves all as it was, and does so once there is space", async () => {
  await using pool = await testPool(128 * MiB);
  const { driver } = pool;
  const parts = ["one", "two"];
  for (const id of ["web", "big"]) await driver.create(id);
  for (const part of parts) {
    await mkdir(join(driver.path("web"), part));
    for (let count = 0; count < 400; count += 1) {
      closeSync(openSync(join(driver.path("web"), part, `${"x".repeat(200)}-${count}`), "w"));
    }
  }
  await driver.snapshot("web", "then");
  const then = await sightOf(driver.path("web"), parts);
  await rm(join(driver.path("web"), "two"), { recursive: true });
  const now = await sightOf(driver.path("web"), parts);
  await fill(join(driver.path("big"), "file"));
  // A commit gives back what was only reserved.
  for (let round = 0; round < 10; round += 1) {
    exhaustMetadata(driver.path("big"), round);
    await driver.settle("big", AbortSignal.timeout(10_000));
  }

  const ended = await driver
    .restore("web", "then", parts, AbortSignal.timeout(60_000))
    .catch((error: unknown) => error);
  if (ended !== undefined) expect(ended).toMatchObject({ code: "no_space" });
  expect(await sightOf(driver.path("web"), parts)).toEqual(ended === undefined ? then : now);

  await driver.remove("big");
  await driver.restore("web", "then", parts, AbortSignal.timeout(60_000));
  expect(await sightOf(driver.path("web"), parts)).toEqual(then);
  expect(await driver.setAside()).toEqual([]);
  expect((await readdir(driver.path("web"))).toSorted()).toEqual(parts);
});
