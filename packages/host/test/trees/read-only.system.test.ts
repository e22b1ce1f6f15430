import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TreeComparison } from "@dockersnap/core";
import { expect, it } from "vitest";
import { run } from "../../src/process/run.ts";
import { createTreeComparer } from "../../src/trees/comparer.ts";

/** Paths of more than 5,000 bytes, which no call takes as a whole. */
const deep = `name=$(printf 'd%.0s' {1..250}); for level in {1..20}; do mkdir $name; cd $name; done`;

/** Two moments of a folder in which there is everything a path may be, the first mounted read-only or not. */
async function compared(isReadOnly: boolean): Promise<TreeComparison | undefined> {
  await using undone = new AsyncDisposableStack();
  const dir = mkdtempSync(join(tmpdir(), "ds-read-only-"));
  undone.defer(() => rmSync(dir, { recursive: true }));
  const [from, to] = [join(dir, "from"), join(dir, "to")];
  for (const root of [from, to]) {
    mkdirSync(join(root, "own/folder"), { recursive: true });
    writeFileSync(join(root, "own/folder/same"), "1");
    writeFileSync(join(root, "own/folder/changed"), root);
    symlinkSync("/etc", join(root, "own/link"));
    symlinkSync("..", join(root, "own/folder/loop"));
    const script = `cd "$1"; mkdir $'\\xff'; echo "$1" > $'\\xff/bytes'; ${deep}; echo "$1" > file`;
    execFileSync("bash", ["-euc", script, "-", join(root, "own")]);
  }
  writeFileSync(join(from, "own/folder/removed"), "1");
  if (isReadOnly) {
    await run("mount", ["--bind", from, from]);
    undone.defer(async () => void (await run("umount", [from])));
    await run("mount", ["-o", "remount,bind,ro", from]);
  }
  const { trees } = await createTreeComparer().compare(
    {
      pairs: [{ from: { root: from, folder: "own", below: [] }, to: { root: to, folder: "own", below: [] } }],
      suspectSince: new Date(0),
      bounds: { listedPerTree: 100, listed: 100, entries: 10_000, readBytes: 1e6, ms: 20_000 },
    },
    new AbortController().signal,
  );
  return trees[0];
}

it("tells of a tree that is read-only what it tells of any other", async () => {
  const plain = await compared(false);
  expect(plain?.incomplete).toBe(false);
  expect(plain?.changes.map(({ change, path }) => `${change} ${path.replaceAll("d".repeat(250), "d")}`)).toEqual([
    "changed \ufffd/bytes",
    `changed ${"d/".repeat(20)}file`,
    "changed folder/changed",
    "removed folder/removed",
  ]);
  expect(await compared(true)).toEqual(plain);
});
