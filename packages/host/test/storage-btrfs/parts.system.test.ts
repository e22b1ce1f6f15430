import { link, mkdir, readdir, readFile, stat, symlink, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { run } from "../../src/process/run.ts";
import { testPool } from "./test-pool.ts";

const never = new AbortController().signal;

it("brings a folder back with owners, times, modes, links and holes", async () => {
  await using pool = await testPool();
  const { driver } = pool;
  await driver.create("web");
  const folder = join(driver.path("web"), "volumes", "data");
  await mkdir(folder, { recursive: true });
  const at = (name: string) => join(folder, name);
  await writeFile(at("owned"), "words", { mode: 0o640 });
  await run("chown", ["999:998", at("owned")]);
  await run("touch", ["--date=2020-01-02T03:04:05Z", at("owned")]);
  await link(at("owned"), at("hard"));
  await symlink("owned", at("soft"));
  await writeFile(at("sparse"), "");
  await truncate(at("sparse"), 2 ** 30);
  await driver.snapshot("web", "then");
  await run("sh", ["-c", 'rm -r "$1"/* && echo other >"$1"/owned', "sh", folder]);

  await driver.restore("web", "then", ["volumes/data"], never);

  const [owned, hard, sparse] = await Promise.all(["owned", "hard", "sparse"].map((name) => stat(at(name))));
  expect(owned).toMatchObject({ uid: 999, gid: 998, mode: 0o100640, nlink: 2, ino: hard?.ino });
  expect(owned?.mtime).toEqual(new Date("2020-01-02T03:04:05Z"));
  expect(sparse).toMatchObject({ size: 2 ** 30, blocks: 0 });
  expect(await readFile(at("soft"), "utf8")).toBe("words");
  expect(await readdir(driver.path("web"))).toEqual(["volumes"]);
});

it("brings the upper folder of an overlay back with what it hides of those below", async () => {
  await using pool = await testPool();
  const { driver } = pool;
  await driver.create("web");
  const tree = driver.path("web");
  for (const folder of ["lower/gone", "lower/renewed", "upper", "work", "merged"]) {
    await mkdir(join(tree, folder), { recursive: true });
    await writeFile(join(tree, folder, "file"), folder);
  }
  await run("rm", ["-r", join(tree, "work/file")]);
  await overlaid(tree, async (merged) => {
    await run("rm", ["-r", join(merged, "gone"), join(merged, "renewed")]);
    await mkdir(join(merged, "renewed"));
  });
  await driver.snapshot("web", "then");
  await overlaid(tree, async (merged) => {
    await writeFile(join(merged, "gone"), "now");
    await writeFile(join(merged, "renewed", "more"), "now");
  });

  await driver.restore("web", "then", ["upper"], never);

  await overlaid(tree, async (merged) => {
    expect((await readdir(merged)).toSorted()).toEqual(["file", "renewed"]);
    expect(await readdir(join(merged, "renewed"))).toEqual([]);
  });
});

it("copies no data, and clears what a restore that was cut short left", async () => {
  await using pool = await testPool();
  const { driver } = pool;
  await driver.create("web");
  const file = join(driver.path("web"), "big");
  await writeFile(file, Buffer.alloc(64 * 1024 * 1024, 1));
  await driver.snapshot("web", "then");
  await writeFile(file, "damaged");
  const stage = join(driver.path("web"), ".dockersnap-parts", "old");
  await mkdir(stage, { recursive: true });
  await writeFile(join(stage, "0"), "left");
  const before = (await driver.usage("web", never)).snapshots.then?.exclusive;

  await driver.restore("web", "then", ["big"], never);

  expect((await stat(file)).size).toBe(64 * 1024 * 1024);
  expect(before).toBeGreaterThan(0);
  const { dataset, snapshots } = await driver.usage("web", never);
  expect([dataset.exclusive, snapshots.then?.exclusive]).toEqual([0, 0]);
  expect(await readdir(driver.path("web"))).toEqual(["big"]);
});

/** As a container sees `lower` below what it wrote to `upper`. */
async function overlaid(tree: string, act: (merged: string) => Promise<void>): Promise<void> {
  const merged = join(tree, "merged");
  const folders = ["lower", "upper", "work"].map((name) => `${name}dir=${join(tree, name)}`);
  await run("mount", ["-t", "overlay", "overlay", "-o", folders.join(","), merged]);
  try {
    await act(merged);
  } finally {
    await run("umount", [merged]);
  }
}
