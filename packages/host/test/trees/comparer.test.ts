import { execFileSync } from "node:child_process";
import {
  appendFileSync,
  chmodSync,
  linkSync,
  lutimesSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { CompareRequest, TreeBounds, TreeComparison } from "@dockersnap/core";
import { describe, expect, it } from "vitest";
import { createTreeComparer } from "../../src/trees/comparer.ts";
import { Gone, Roots } from "../../src/trees/roots.ts";

const never = new AbortController().signal;
const roomy: TreeBounds = { listedPerTree: 1_000, listed: 1_000, entries: 1e6, readBytes: 2 ** 30, ms: 20_000 };

/** Two moments of a folder, as copies that share no inodes, so that contents are what tells. */
class Moments implements Disposable {
  readonly dir = mkdtempSync(join(tmpdir(), "ds-trees-"));
  readonly from = join(this.dir, "from");
  readonly to = join(this.dir, "to");

  constructor(files: Readonly<Record<string, string>> = {}) {
    for (const root of [this.from, this.to]) {
      mkdirSync(join(root, "own"), { recursive: true });
      for (const [path, text] of Object.entries(files)) put(join(root, path), text);
    }
  }

  async compare(change: Partial<CompareRequest> & { below?: string[]; limits?: Partial<TreeBounds> } = {}) {
    const { below = [], limits = {}, ...request } = change;
    const { trees, readBytes } = await createTreeComparer().compare(
      {
        pairs: [{ from: { root: this.from, folder: "own", below }, to: { root: this.to, folder: "own", below } }],
        suspectSince: new Date(0),
        bounds: { ...roomy, ...limits },
        ...request,
      },
      never,
    );
    const [tree] = trees;
    if (tree === undefined) throw new Error("Nothing was compared.");
    return { ...tree, readBytes };
  }

  [Symbol.dispose](): void {
    rmSync(this.dir, { recursive: true });
  }
}

function put(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

function told({ changes }: TreeComparison): string[] {
  return changes.map(({ change, path, kind }) => `${change} ${path}${kind === "file" ? "" : ` (${kind})`}`);
}

function whiteout(path: string): void {
  mkdirSync(dirname(path), { recursive: true });
  execFileSync("mknod", [path, "c", "0", "0"]);
}

describe("two moments of a volume", () => {
  it("are told by what came, went and changed, with counts of both", async () => {
    using moments = new Moments({ "own/a": "1", "own/dir/b": "22", "own/dir/deep/c": "333" });
    put(join(moments.to, "own/new/file"), "4444");
    rmSync(join(moments.to, "own/a"));
    put(join(moments.to, "own/dir/deep/c"), "changed");

    const tree = await moments.compare();
    expect(tree).toMatchObject({ from: { files: 3, bytes: 6 }, to: { files: 3, bytes: 13 }, incomplete: false });
    expect(tree.changes).toEqual([
      { path: "a", change: "removed", kind: "file", bytes: 1 },
      { path: "dir/deep/c", change: "changed", kind: "file", bytes: 7, bytesBefore: 3 },
      { path: "new", change: "added", kind: "directory" },
      { path: "new/file", change: "added", kind: "file", bytes: 4 },
    ]);
    expect(tree).toMatchObject({ added: 2, removed: 1, changed: 1 });
  });

  it("differ where contents do, though size and times are the same", async () => {
    using moments = new Moments({ "own/same": "aaaa", "own/other": "aaaa", "own/late": "x".repeat(600_000) });
    put(join(moments.to, "own/other"), "aaab");
    put(join(moments.to, "own/late"), `${"x".repeat(599_999)}y`);
    for (const root of [moments.from, moments.to]) {
      for (const name of ["same", "other", "late"]) utimesSync(join(root, "own", name), 1, 1);
    }
    expect(told(await moments.compare())).toEqual(["changed late", "changed other"]);
  });

  it("do not differ by times alone, but by mode, kind and target", async () => {
    using moments = new Moments({ "own/touched": "1", "own/mode": "1", "own/kind": "1", "own/sub/x": "1" });
    for (const [root, target] of [
      [moments.from, "one"],
      [moments.to, "two"],
    ] as const) {
      symlinkSync(target, join(root, "own/link"));
      symlinkSync("same", join(root, "own/still"));
    }
    lutimesSync(join(moments.to, "own/touched"), 1, 1);
    chmodSync(join(moments.to, "own/mode"), 0o600);
    chmodSync(join(moments.to, "own/sub"), 0o700);
    rmSync(join(moments.to, "own/kind"));
    mkdirSync(join(moments.to, "own/kind"));
    expect(told(await moments.compare())).toEqual([
      "changed kind (directory)",
      "changed link (symlink)",
      "changed mode",
      "changed sub (directory)",
    ]);
  });

  it("are not read where the file is one and the same", async () => {
    using moments = new Moments({ "own/file": "same" });
    rmSync(join(moments.to, "own/file"));
    linkSync(join(moments.from, "own/file"), join(moments.to, "own/file"));
    const later = new Date(Date.now() + 60_000);
    expect(await moments.compare({ suspectSince: later })).toMatchObject({ changed: 0, readBytes: 0 });
    // While the snapshot was taken somebody may have written to it.
    const read = await moments.compare({ suspectSince: new Date(0) });
    expect(read.changed).toBe(0);
    expect(read.readBytes).toBeGreaterThan(0);
  });

  it("are only counted when there is one of them", async () => {
    using moments = new Moments({ "own/a": "1", "own/b/c": "22" });
    const side = { root: moments.to, folder: "own", below: [] };
    expect(await moments.compare({ pairs: [{ to: side }] })).toMatchObject({
      to: { files: 2, bytes: 3 },
      added: 0,
      changes: [],
    });
    expect(await moments.compare({ pairs: [{ from: side }] })).toMatchObject({ from: { files: 2, bytes: 3 } });
  });

  it("keep whiteouts as the devices they are, for a volume has nothing below", async () => {
    using moments = new Moments();
    whiteout(join(moments.to, "own/null"));
    expect(told(await moments.compare())).toEqual(["added null (device)"]);
  });
});

describe("two moments of a container's own layer", () => {
  const below = ["init", "image"];

  it("are told as somebody inside sees them", async () => {
    using moments = new Moments({
      "image/etc/hosts": "lower",
      "image/etc/motd": "lower",
      "image/bin/cat": "lower",
      "image/opt/tool/x": "lower",
      "image/var/kept": "lower",
      "own/mine": "1",
    });
    const own = join(moments.to, "own");
    put(join(own, "etc/hosts"), "upper");
    put(join(own, "etc/fresh"), "1");
    put(join(own, "var/kept"), "lower");
    whiteout(join(own, "bin/cat"));
    whiteout(join(own, "opt/tool"));
    rmSync(join(own, "mine"));

    const tree = await moments.compare({ below });
    expect(told(tree)).toEqual([
      "removed bin/cat",
      "added etc/fresh",
      "changed etc/hosts",
      "removed mine",
      "removed opt/tool (directory)",
    ]);
    expect(tree.to).toEqual({ files: 3, bytes: 11 });
  });

  it("tell a file that was deleted before and is there again as added", async () => {
    using moments = new Moments({ "image/bin/cat": "lower" });
    whiteout(join(moments.from, "own/bin/cat"));
    put(join(moments.to, "own/bin/cat"), "mine");
    expect(told(await moments.compare({ below }))).toEqual(["added bin/cat"]);
  });

  it("see through upper layers what they do not hide", async () => {
    using moments = new Moments({ "init/etc/hosts": "", "image/etc/hosts": "lower", "image/a": "1" });
    for (const root of [moments.from, moments.to]) whiteout(join(root, "init/a"));
    put(join(moments.to, "own/etc/hosts"), "");
    put(join(moments.to, "own/a"), "1");
    expect(told(await moments.compare({ below }))).toEqual(["added a"]);
  });
});

describe("what a workload may leave behind", () => {
  it("is never opened when it is a FIFO, a socket or a device, and never followed when it is a link", async () => {
    using moments = new Moments();
    for (const [root, target] of [
      [moments.from, moments.from],
      [moments.to, "/etc"],
    ] as const) {
      execFileSync("mkfifo", [join(root, "own/fifo")]);
      symlinkSync(target, join(root, "own/link"));
      symlinkSync("..", join(root, "own/loop"));
    }
    expect(told(await moments.compare())).toEqual(["changed link (symlink)"]);
  });

  it("is not reached when its folder itself is a link", async () => {
    using moments = new Moments({ "own/a": "1" });
    renameSync(join(moments.to, "own"), join(moments.dir, "elsewhere"));
    symlinkSync(join(moments.dir, "elsewhere"), join(moments.to, "own"));
    expect(await moments.compare()).toMatchObject({ to: { files: 0, bytes: 0 }, removed: 1 });
  });

  it("has any name Linux has", async () => {
    using moments = new Moments();
    const names = ["new\nline", "\u001b[31mred", "back\\slash", "ünï", "\ufffd"];
    for (const name of names) put(join(moments.to, "own", name), "1");
    const bytes = Buffer.concat([Buffer.from(`${moments.to}/own/`), Buffer.from([0xff, 0xfe])]);
    writeFileSync(bytes, "1");
    const tree = await moments.compare();
    expect(tree.changes.map(({ path }) => path).sort()).toEqual([...names, "\ufffd\ufffd"].sort());
    expect(tree.to).toEqual({ files: 6, bytes: 6 });
  });

  it("is compared hundreds of levels deep", async () => {
    using moments = new Moments();
    const levels = Array.from({ length: 900 }, () => "d");
    for (const [side, text] of [
      [moments.from, "before"],
      [moments.to, "after"],
    ] as const) {
      put(join(side, "own", ...levels, "file"), text);
    }
    const tree = await moments.compare();
    expect(tree).toMatchObject({ added: 0, changed: 1, incomplete: false });
    expect(tree.changes).toMatchObject([{ path: [...levels, "file"].join("/"), change: "changed" }]);
  });

  it("is as deep as it likes, and is then not looked at to its end", async () => {
    using moments = new Moments();
    put(join(moments.to, "own", ...Array.from({ length: 1_100 }, () => "d"), "file"), "1");
    const tree = await moments.compare();
    expect(tree.incomplete).toBe(true);
    expect(tree.added).toBeGreaterThan(900);
  });
});

describe("bounds", () => {
  const many = Object.fromEntries(Array.from({ length: 300 }, (_, index) => [`own/f${index}`, "1"]));

  it("keep the list short and the counts right", async () => {
    using moments = new Moments();
    for (const [path, text] of Object.entries(many)) put(join(moments.to, path), text);
    const tree = await moments.compare({ limits: { listedPerTree: 10 } });
    expect(tree.changes).toHaveLength(10);
    expect(tree).toMatchObject({ added: 300, incomplete: false });
  });

  it("on entries and on time end the look, and it says so", async () => {
    using moments = new Moments(many);
    expect(await moments.compare({ limits: { entries: 100 } })).toMatchObject({ incomplete: true });
    expect(await moments.compare({ limits: { ms: 0 } })).toMatchObject({ incomplete: true });
  });

  it("on reading make a file that was written count as changed", async () => {
    using moments = new Moments({ "own/file": "same" });
    expect(told(await moments.compare({ limits: { readBytes: 0 } }))).toEqual(["changed file"]);
    appendFileSync(join(moments.to, "own/file"), "!");
    expect(await moments.compare({ limits: { readBytes: 0 } })).toMatchObject({ changed: 1, readBytes: 0 });
  });

  it("on those who wait turn away the next one", async () => {
    const comparer = createTreeComparer();
    const request: CompareRequest = { pairs: [], suspectSince: new Date(), bounds: roomy };
    const asked = Array.from({ length: 30 }, () => comparer.compare(request, never).catch((error) => error.code));
    const answers = await Promise.all(asked);
    expect(answers.filter((answer) => answer === "too_many_requests").length).toBeGreaterThan(0);
    expect(answers.filter((answer) => typeof answer === "object").length).toBeGreaterThan(10);
  });
});

it("rejects when a root is not there", async () => {
  using moments = new Moments({ "own/a": "1" });
  const side = (root: string) => ({ root, folder: "own", below: [] });
  const pairs = [{ from: side(moments.from), to: side(join(moments.dir, "nowhere")) }];
  await expect(moments.compare({ pairs })).rejects.toMatchObject({ code: "wrong_state" });
});

it.each([
  ["replaced", (root: string) => [renameSync(root, `${root}.old`), mkdirSync(root)]],
  ["deleted", (root: string) => [rmSync(root, { recursive: true })]],
])("knows a root that is %s while it is held open", (_what, act) => {
  using moments = new Moments();
  using roots = new Roots();
  roots.open(moments.from);
  roots.open(moments.to);
  expect(() => roots.assertSame()).not.toThrow();
  act(moments.to);
  expect(() => roots.assertSame()).toThrow(Gone);
});

it("rejects with the signal's reason when that aborts", async () => {
  const stop = new AbortController();
  const request: CompareRequest = { pairs: [], suspectSince: new Date(), bounds: roomy };
  const comparing = createTreeComparer().compare(request, stop.signal);
  stop.abort(new Error("enough"));
  await expect(comparing).rejects.toThrow("enough");
});
