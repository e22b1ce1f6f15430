import { closeSync, readSync } from "node:fs";
import type { Found } from "./below.ts";
import type { Budget } from "./budget.ts";

/** A larger file that was written to counts as changed without being read. */
const mostFileBytes = 64n * 1_048_576n;

const chunkBytes = 262_144;
const [left, right] = [Buffer.allocUnsafe(chunkBytes), Buffer.allocUnsafe(chunkBytes)];

/**
 * Whether two of the same kind differ in anything but their times. A file that a snapshot and what came of it share keeps its
 * number and its ctime, which no program can set; so one that was not touched is told without being read.
 */
export function differ(a: Found, b: Found, suspectSinceNs: bigint, budget: Budget): boolean {
  if (a.stats.mode !== b.stats.mode || a.stats.uid !== b.stats.uid || a.stats.gid !== b.stats.gid) return true;
  switch (a.kind) {
    case "directory":
    case "fifo":
    case "socket":
      return false;
    case "device":
      return a.stats.rdev !== b.stats.rdev;
    case "symlink":
      return !equal(a.directory.target(a.name), b.directory.target(b.name));
    case "file":
      if (a.stats.size !== b.stats.size) return true;
      if (a.stats.size === 0n || (isUntouched(a, b) && a.stats.ctimeNs < suspectSinceNs)) return false;
      return a.stats.size > mostFileBytes || !haveSameContents(a, b, budget);
  }
}

function isUntouched({ stats: a }: Found, { stats: b }: Found): boolean {
  return a.ino === b.ino && a.ctimeNs === b.ctimeNs && a.birthtimeNs === b.birthtimeNs;
}

/** False too where a bound keeps it from being found out. */
function haveSameContents(a: Found, b: Found, budget: Budget): boolean {
  const size = Number(a.stats.size);
  const [first, second] = [a.directory.file(a.name), b.directory.file(b.name)];
  try {
    if (first === undefined || second === undefined) return false;
    for (let at = 0; at < size; at += chunkBytes) {
      const wanted = Math.min(chunkBytes, size - at);
      if (!budget.read(2 * wanted)) return false;
      const [length, other] = [readSync(first, left, 0, wanted, at), readSync(second, right, 0, wanted, at)];
      if (length !== wanted || other !== wanted) return false;
      if (left.compare(right, 0, wanted, 0, wanted) !== 0) return false;
    }
    return true;
  } finally {
    for (const fd of [first, second]) if (fd !== undefined) closeSync(fd);
  }
}

function equal(a: Buffer | undefined, b: Buffer | undefined): boolean {
  return a !== undefined && b !== undefined && a.equals(b);
}
