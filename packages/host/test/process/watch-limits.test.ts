import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { lowWatchLimits, raiseWatchLimits } from "../../src/process/watch-limits.ts";

function limits(instances: number, watches: number) {
  const root = mkdtempSync(join(tmpdir(), "inotify-"));
  writeFileSync(join(root, "max_user_instances"), `${instances}\n`);
  writeFileSync(join(root, "max_user_watches"), `${watches}\n`);
  const read = () => ["max_user_instances", "max_user_watches"].map((name) => Number(readFileSync(join(root, name))));
  return { root, read, [Symbol.dispose]: () => rmSync(root, { recursive: true }) };
}

it("names a limit that is too low, with what it should be", () => {
  using set = limits(128, 524_288);
  expect(lowWatchLimits(set.root)).toEqual([{ key: "fs.inotify.max_user_instances", value: 128, wanted: 1_024 }]);
});

it("raises the limits that are too low and leaves higher ones alone", () => {
  using set = limits(128, 1_000_000);
  expect(raiseWatchLimits(set.root)).toEqual([]);
  expect(set.read()).toEqual([1_024, 1_000_000]);
});
