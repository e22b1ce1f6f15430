import { spawn } from "node:child_process";
import { once } from "node:events";
import { chown, link, mkdir, open, readdir, readFile, rm, stat, symlink, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { run } from "../../src/process/run.ts";
import { createBtrfsStorage } from "../../src/storage-btrfs/storage.ts";
import { createSubvolume, setReadOnly } from "../../src/storage-btrfs/subvolume.ts";
import { setAttribute, sightOf } from "./sight.ts";
import { testPool } from "./test-pool.ts";

const never = new AbortController().signal;
const volume = "volumes/data/_data";

/** A pool with a dataset `web` that has an empty volume. */
async function testWorld() {
  const pool = await testPool();
  await pool.driver.create("web");
  const web = pool.driver.path("web");
  const at = (path: string) => join(web, volume, path);
  await mkdir(at(""), { recursive: true });
  return {
    ...pool,
    web,
    at,
    restore: (...paths: string[]) => pool.driver.restore("web", "then", paths, never),
    /** What is left of partial reverts: folders in the tree, records, and trees put aside. */
    async left() {
      const own = ["making", "parts", "removed"].map((name) => join(pool.options.mountpoint, ".dockersnap", name));
      const found = await Promise.all([web, ...own].map((folder) => readdir(folder)));
      return found.flat().filter((name) => name !== "volumes");
    },
  };
}

type World = Awaited<ReturnType<typeof testWorld>>;

/** An access list by which user 999 may read and write. */
const accessList = "0200000001000700ffffffff02000600e703000004000000ffffffff10000700ffffffff20000000ffffffff";

/** cap_net_raw+ep, which the kernel takes away with every change of a file. */
const capability = "0100000200200000000000000000000000000000";

async function chattr(change: string, ...paths: readonly string[]): Promise<void> {
  await run("chattr", [change, ...paths]);
}

/** Files of every kind, with all that a file can have. */
async function makeEverything({ at }: World): Promise<void> {
  for (const folder of ["shared", "database", "locked/inner"]) await mkdir(at(folder), { recursive: true });
  await writeFile(at("owned"), "words");
  for (const name of ["one", "shared/two"]) await link(at("owned"), at(name));
  await symlink("../nowhere", at("soft"));
  await run("mkfifo", [at("pipe")]);
  await run("mknod", [at("device"), "c", "1", "300"]);
  await run("mknod", [at("whiteout"), "c", "0", "0"]);
  await run("mknod", [at("disk"), "b", "259", "70000"]);
  await writeFile(at("sparse"), "");
  await truncate(at("sparse"), 2 ** 26);
  await run("dd", ["if=/dev/urandom", `of=${at("sparse")}`, "bs=4096", "count=3", "seek=5000", "conv=notrunc"]);
  await chattr("+C", at("database"));
  await run("dd", ["if=/dev/urandom", `of=${at("database/pages")}`, "bs=1M", "count=3"]);
  await writeFile(at("database/empty"), "");
  await writeFile(at("packed"), "words ".repeat(100_000));
  for (const name of ["locked/file", "locked/inner/file", "log", "name\nof\xfflines"]) await writeFile(at(name), name);
  await link(at("locked/file"), at("locked/again"));

  await chown(at("owned"), 999, 998);
  await run("chmod", ["4750", at("owned")]);
  await run("chmod", ["2770", at("shared")]);
  await run("chown", ["-h", "7:8", at("soft")]);
  for (const [name, value] of [
    ["user.note", Buffer.from("a\nb\0c")],
    ["security.capability", Buffer.from(capability, "hex")],
    ["trusted.overlay.opaque", Buffer.from("y")],
  ] as const) {
    await setAttribute(at("owned"), name, value);
  }
  for (const kind of ["access", "default"]) {
    await setAttribute(at("shared"), `system.posix_acl_${kind}`, Buffer.from(accessList, "hex"));
  }
  await run("btrfs", ["property", "set", at("packed"), "compression", "zstd"]);
  await run("btrfs", ["property", "set", at("shared"), "compression", "lzo"]);
  await run("find", [at(""), "-exec", "touch", "-h", "-d", "2001-02-03T04:05:06.123456789Z", "{}", "+"]);
  await chattr("+i", at("packed"), at("locked/file"), at("locked/inner"), at("locked"));
  await chattr("+a", at("log"));
  await chattr("+AdS", at("database/empty"));
}

/** As containers have them: one in the volume, two in that, of which one is read-only, as is another beside it. */
async function nest({ at }: World): Promise<void> {
  await mkdir(at("deep"));
  for (const path of ["deep/sub", "deep/sub/inner", "deep/sub/kept", "alone"]) {
    await createSubvolume(at(path));
    await writeFile(at(`${path}/file`), path);
  }
  await chattr("+i", at("deep/sub"), at("deep"));
  for (const path of ["deep/sub/kept", "alone"]) await setReadOnly(at(path), true);
}

describe("a part that is put back", () => {
  it("is as it is after a revert of everything, in every way", async () => {
    await using world = await testWorld();
    await makeEverything(world);
    await nest(world);
    await world.driver.snapshot("web", "then");
    await world.driver.revert("web", "then");
    const whole = await sightOf(world.web, [volume]);
    await world.driver.snapshot("web", "before");
    await chattr("-i", world.at("packed"), world.at("locked"), world.at("locked/inner"));
    await rm(world.at("locked/inner/file"));
    await writeFile(world.at("packed"), "now");
    await writeFile(world.at("more"), "now");
    await chattr("+i", world.at("more"), world.at(""));

    for (const _time of ["once", "twice"]) {
      await world.restore(volume);
      expect(await sightOf(world.web, [volume])).toEqual(whole);
      expect(await world.left()).toEqual([]);
    }
    const { dataset } = await world.driver.usage("web", never);
    expect(dataset.exclusive).toBe(0);
    expect(await world.driver.setAside()).toEqual([]);
  });

  it("is as it is after a revert of everything, whatever flags and compression what it lies in has", async () => {
    await using world = await testWorld();
    await makeEverything(world);
    await world.driver.snapshot("web", "then");
    await world.driver.revert("web", "then");
    const whole = await sightOf(world.web, [volume]);
    await chattr("+C", world.web);
    await setAttribute(world.web, "system.posix_acl_default", Buffer.from(accessList, "hex"));
    await world.restore(volume);
    expect(await sightOf(world.web, [volume])).toEqual(whole);
    await chattr("-C", world.web);
    await run("btrfs", ["property", "set", world.web, "compression", "zlib"]);
    await run("chmod", ["g+s", world.web]);
    await chattr("+i", world.web, join(world.web, "volumes/data"));
    await world.restore(volume);
    expect(await sightOf(world.web, [volume])).toEqual(whole);
    const { stdout } = await run("lsattr", ["-d", world.web, join(world.web, "volumes/data")]);
    expect(stdout.match(/^----i/gm)).toHaveLength(2);
    await chattr("-i", world.web, join(world.web, "volumes/data"));
  });

  it("can be a subvolume itself, a read-only one, and take the place of one", async () => {
    await using world = await testWorld();
    const { web, driver } = world;
    for (const path of ["kept", "free"]) {
      await createSubvolume(join(web, path));
      await createSubvolume(join(web, path, "inner"));
      await writeFile(join(web, path, "inner/file"), path);
    }
    await setReadOnly(join(web, "kept"), true);
    await driver.snapshot("web", "then");
    const parts = ["kept", "free", "folder", "file"];
    const whole = await sightOf(web, parts);
    await setReadOnly(join(web, "kept"), false);
    await writeFile(join(web, "kept/inner/file"), "now");
    for (const path of ["free/inner", "free"]) await run("btrfs", ["subvolume", "delete", join(web, path)]);
    await mkdir(join(web, "free"));
    await createSubvolume(join(web, "folder"));
    await setReadOnly(join(web, "folder"), true);
    await driver.snapshot("web", "now");
    const now = await sightOf(web, parts);

    await driver.restore("web", "then", parts, never);
    expect(await sightOf(web, parts)).toEqual(whole);
    await driver.restore("web", "now", parts, never);
    expect(await sightOf(web, parts)).toEqual(now);
    await driver.restore("web", "then", ["kept/inner/file"], never);
    expect(await readFile(join(web, "kept/inner/file"), "utf8")).toBe("kept");
  });

  it("has owners, times, modes, links and holes", async () => {
    await using world = await testWorld();
    const { at, web } = world;
    await writeFile(at("owned"), "words", { mode: 0o640 });
    await chown(at("owned"), 999, 998);
    await run("touch", ["--date=2020-01-02T03:04:05Z", at("owned")]);
    await link(at("owned"), at("hard"));
    await symlink("owned", at("soft"));
    await writeFile(at("sparse"), "");
    await truncate(at("sparse"), 2 ** 30);
    await world.driver.snapshot("web", "then");
    await run("sh", ["-c", 'rm -r "$1"/* && echo other >"$1"/owned', "sh", at("")]);

    await world.restore(volume);

    const [owned, hard, sparse] = await Promise.all(["owned", "hard", "sparse"].map((name) => stat(at(name))));
    expect(owned).toMatchObject({ uid: 999, gid: 998, mode: 0o100640, nlink: 2, ino: hard?.ino });
    expect(owned?.mtime).toEqual(new Date("2020-01-02T03:04:05Z"));
    expect(sparse).toMatchObject({ size: 2 ** 30, blocks: 0 });
    expect(await readFile(at("soft"), "utf8")).toBe("words");
    expect(await readdir(web)).toEqual(["volumes"]);
  });

  it("copies no data", async () => {
    await using world = await testWorld();
    const { at, driver } = world;
    await writeFile(at("big"), Buffer.alloc(64 * 1024 * 1024, 1));
    await driver.snapshot("web", "then");
    await writeFile(at("big"), "damaged");
    expect((await driver.usage("web", never)).snapshots.then?.exclusive).toBeGreaterThan(0);

    await world.restore(`${volume}/big`);

    expect((await stat(at("big"))).size).toBe(64 * 1024 * 1024);
    const { dataset, snapshots } = await driver.usage("web", never);
    expect([dataset.exclusive, snapshots.then?.exclusive]).toEqual([0, 0]);
  });

  it("has the data copied where it cannot be shared, holes left as they are", async () => {
    await using world = await testWorld();
    const { at, driver } = world;
    const { mountpoint } = world.options;
    // A file that has no checksums, and no flag that says so.
    await run("mount", ["-o", "remount,nodatasum", mountpoint]);
    await run("sh", ["-c", 'printf words >"$1"; truncate -s 256M "$1"; printf end >>"$1"', "sh", at("plain")]);
    await run("mount", ["-o", "remount,datasum", mountpoint]);
    await driver.snapshot("web", "then");
    const then = await sightOf(world.web, [volume]);
    await writeFile(at("plain"), "now");
    await world.restore(volume);
    expect(await sightOf(world.web, [volume])).toEqual(then);
  });

  it("goes where its folders are no more, which are as they were", async () => {
    await using world = await testWorld();
    const { web, at } = world;
    await writeFile(at("file"), "then");
    await chown(join(web, "volumes/data"), 11, 12);
    await run("chmod", ["1751", join(web, "volumes/data")]);
    await world.driver.snapshot("web", "then");
    await rm(join(web, "volumes"), { recursive: true });
    await world.restore(volume, "never/was/there");
    expect(await readFile(at("file"), "utf8")).toBe("then");
    expect(await stat(join(web, "volumes/data"))).toMatchObject({ uid: 11, gid: 12, mode: 0o41751 });
    expect(await world.left()).toEqual([]);
  });

  it("brings the upper folder of an overlay back with what it hides of those below", async () => {
    await using world = await testWorld();
    const { driver, web } = world;
    for (const folder of ["lower/gone", "lower/renewed", "upper", "work", "merged"]) {
      await mkdir(join(web, folder), { recursive: true });
      await writeFile(join(web, folder, "file"), folder);
    }
    await rm(join(web, "work/file"));
    await overlaid(web, async (merged) => {
      await run("rm", ["-r", join(merged, "gone"), join(merged, "renewed")]);
      await mkdir(join(merged, "renewed"));
    });
    await driver.snapshot("web", "then");
    await overlaid(web, async (merged) => {
      await writeFile(join(merged, "gone"), "now");
      await writeFile(join(merged, "renewed", "more"), "now");
    });

    await world.restore("upper");

    await overlaid(web, async (merged) => {
      expect((await readdir(merged)).toSorted()).toEqual(["file", "renewed"]);
      expect(await readdir(join(merged, "renewed"))).toEqual([]);
    });
  });
});

describe("what is there before", () => {
  it("goes though it is open, has a path that no program can name, and a link to it elsewhere keeps its flags", async () => {
    await using world = await testWorld();
    const { at, web } = world;
    await world.driver.snapshot("web", "then");
    const script = `use strict; chdir($ARGV[0]) or die; for (1 .. 25) { mkdir("d" x 200) or die; chdir("d" x 200) or die; }
      open(my $file, ">", "file") or die;`;
    await run("perl", ["-e", script, at("")]);
    await writeFile(at("busy"), "words");
    await writeFile(at("linked"), "words");
    await link(at("linked"), join(web, "volumes/elsewhere"));
    await chattr("+i", at("linked"));
    await using busy = await open(at("busy"), "r");
    await world.restore(volume);
    expect(await readdir(at(""))).toEqual([]);
    expect(await busy.readFile("utf8")).toBe("words");
    expect((await run("lsattr", [join(web, "volumes/elsewhere")])).stdout).toMatch(/^----i/);
    expect(await world.left()).toEqual([]);
    await chattr("-i", join(web, "volumes/elsewhere"));
  });

  it("has nothing deleted that is mounted there, and is deleted once that is not", async () => {
    await using world = await testWorld();
    const { at, web } = world;
    await world.driver.snapshot("web", "then");
    await mkdir(at("mounted"));
    await writeFile(at("file"), "now");
    await mkdir(join(web, "volumes/precious"));
    await writeFile(join(web, "volumes/precious/file"), "precious");
    await run("mount", ["--bind", join(web, "volumes/precious"), at("mounted")]);
    await world.restore(volume);
    expect(await readdir(at(""))).toEqual([]);
    const [waiting] = await world.driver.setAside();
    expect(waiting).toMatchObject({ what: "web", reason: expect.stringContaining("mounted") });
    expect(await readFile(join(web, "volumes/precious/file"), "utf8")).toBe("precious");

    await world.restore(volume);
    await run("umount", [join(waiting?.path ?? "", "0.old/mounted")]);
    await world.driver.deleteSetAside();
    expect(await world.driver.setAside()).toEqual([]);
    expect(await world.left()).toEqual([]);
    expect(await readFile(join(web, "volumes/precious/file"), "utf8")).toBe("precious");
  });

  it("is not found behind a link that was put in the way", async () => {
    await using world = await testWorld();
    const { web, at } = world;
    await writeFile(at("file"), "then");
    await world.driver.snapshot("web", "then");
    const outside = join(world.folder, "outside");
    await mkdir(join(outside, "_data"), { recursive: true });
    await writeFile(join(outside, "_data/file"), "precious");
    await rm(join(web, "volumes/data"), { recursive: true });
    await symlink(outside, join(web, "volumes/data"));
    await expect(world.restore(volume)).rejects.toThrow();
    expect(await readFile(join(outside, "_data/file"), "utf8")).toBe("precious");
    expect(await world.left()).toEqual([]);
  });
});

describe("a partial revert that is cut short", () => {
  const parts = [volume, "volumes/gone", "volumes/added", "volumes/lost/_data/file", "volumes/tree"];
  const folders = ["volumes", "volumes/data", "volumes/lost"];

  /** The present, with something in each part's way, and what it is to be like. */
  async function disturbedWorld() {
    const world = await testWorld();
    const { web, at, driver } = world;
    await nest(world);
    await writeFile(at("file"), "then");
    for (const path of ["gone", "lost/_data"]) await mkdir(join(web, "volumes", path), { recursive: true });
    await writeFile(join(web, "volumes/lost/_data/file"), "then");
    await createSubvolume(join(web, "volumes/tree"));
    await setReadOnly(join(web, "volumes/tree"), true);
    await chattr("+i", at("file"), at(""));
    await driver.snapshot("web", "then");
    await driver.revert("web", "then");
    const then = await sightOf(web, parts);
    await chattr("-i", at("file"), at(""));
    await writeFile(at("file"), "now");
    for (const path of ["gone", "lost"]) await rm(join(web, "volumes", path), { recursive: true });
    await mkdir(join(web, "volumes/added"));
    await chattr("+i", at("file"));
    await chattr("+a", at(""), join(web, "volumes/data"), join(web, "volumes/added"));
    const now = await sightOf(web, parts);
    const flags = async () =>
      (await run("sh", ["-c", 'lsattr -d "$@" || true', "sh", ...folders], { cwd: web })).stdout;
    return { ...world, then, now, flags };
  }

  /**
   * Has a process of its own restore, in which the call of this number to change a name is never made: the process is killed
   * there, or the call fails.
   */
  async function disturb(world: World, end: "kill" | "fail", call: number): Promise<string> {
    const storage = JSON.stringify(join(import.meta.dirname, "../../src/storage-btrfs/storage.ts"));
    const source = `
      import { syncBuiltinESMExports } from "node:module";
      import files from "node:fs/promises";
      let left = Infinity;
      for (const name of ["mkdir", "rename", "rmdir"]) {
        const real = files[name];
        files[name] = async (...args) => {
          left -= 1;
          if (left !== 0) return real(...args);
          if (${JSON.stringify(end)} === "kill") process.kill(process.pid, "SIGKILL");
          throw Object.assign(new Error("made to fail"), { code: "EIO" });
        };
      }
      syncBuiltinESMExports();
      const { createBtrfsStorage } = await import(${storage});
      const driver = createBtrfsStorage(${JSON.stringify(world.options)});
      await driver.open();
      left = ${call};
      const end = driver.restore("web", "then", ${JSON.stringify(parts)}, new AbortController().signal);
      console.log(await end.then(() => "done", () => "failed"), left > 0 ? "undisturbed" : "disturbed");`;
    const child = spawn(process.execPath, ["--input-type=module", "-e", source], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    let said = "";
    child.stdout.on("data", (text) => {
      said += text;
    });
    const [, signal] = await once(child, "close");
    return signal ?? said.trim();
  }

  it.each(["kill", "fail"] as const)("by a %s at any step, is as before or done", { timeout: 900_000 }, async (end) => {
    await using world = await disturbedWorld();
    await world.driver.snapshot("web", "present");
    const flags = await world.flags();
    const seen = new Set<string>();
    for (let call = 1; !seen.has("done undisturbed"); call += 1) {
      const how = await disturb(world, end, call);
      const next = createBtrfsStorage(world.options);
      if (end === "kill") await next.open();
      const sight = await sightOf(world.web, parts);
      const isDone = sight.join("\n") === world.then.join("\n");
      expect(sight, `call ${call}: ${how}`).toEqual(isDone ? world.then : world.now);
      if (end === "fail") expect(isDone, `call ${call}: ${how}`).toBe(how.startsWith("done"));
      if (!isDone) expect(await world.flags()).toBe(flags);
      // What could not be cleared away by a call that failed too waits for the next start.
      await next.open();
      expect(await world.left(), `call ${call}: ${how}`).toEqual([]);
      seen.add(isDone ? how : "as before");
      if (isDone) {
        await next.restore("web", "present", parts, never);
        expect(await sightOf(world.web, parts)).toEqual(world.now);
      }
    }
    expect([...seen].sort()).toEqual(
      ["as before", "done undisturbed", end === "kill" ? "SIGKILL" : "done disturbed"].sort(),
    );
    await chattr("-a", join(world.web, "volumes/data"));
  });

  it("by its signal, is as before", async () => {
    await using world = await disturbedWorld();
    const stop = new AbortController();
    const ended = world.driver.restore("web", "then", parts, stop.signal);
    stop.abort(new Error("enough"));
    await expect(ended).rejects.toThrow("enough");
    expect(await sightOf(world.web, parts)).toEqual(world.now);
    expect(await world.left()).toEqual([]);
  });
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
