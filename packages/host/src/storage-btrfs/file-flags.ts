import { rename } from "node:fs/promises";
import { hasErrno } from "../process/errno.ts";
import { runTool } from "../process/tool.ts";
import { openBelow, pathOf } from "./open-below.ts";
import { setReadOnly } from "./subvolume.ts";

/** What chattr(1) sets so that a directory takes no more changes: immutable, append-only. */
const locks = ["i", "a"] as const;

/** Let the directory at this path be changed, whatever flags were set on it. */
export async function unlock(directory: string): Promise<void> {
  await chattr(
    locks.map((flag) => `-${flag}`),
    directory,
  );
}

/** Do something in a directory as if it had no flags against it; it has them again afterwards. */
export async function whileUnlocked<T>(directory: string, work: () => Promise<T>): Promise<T> {
  const set = await locksOf(directory);
  if (set.length === 0) return work();
  await unlock(directory);
  try {
    return await work();
  } finally {
    await chattr(
      set.map((flag) => `+${flag}`),
      directory,
    );
  }
}

/** Rename a tree. A workload can have it bear a flag against that, which it keeps. */
export async function moveTree(from: string, to: string): Promise<void> {
  try {
    await rename(from, to);
  } catch (error) {
    if (!hasErrno(error, "EPERM")) throw error;
    await using tree = await openBelow(from, Buffer.alloc(0));
    await whileUnlocked(pathOf(tree), () => rename(from, to));
  }
}

/** As `moveTree`, for one that is read-only, to another name in its folder. */
export async function moveSnapshot(from: string, to: string): Promise<void> {
  try {
    await rename(from, to);
  } catch (error) {
    if (!hasErrno(error, "EPERM")) throw error;
    await setReadOnly(from, false);
    await moveTree(from, to);
    await setReadOnly(to, true);
  }
}

async function locksOf(directory: string): Promise<readonly string[]> {
  // The flags come first and are letters and dashes; the name behind them is ours.
  const [flags = ""] = (await runTool("lsattr", ["-d", inner(directory)])).stdout.split(" ");
  return locks.filter((flag) => flags.includes(flag));
}

async function chattr(changes: readonly string[], directory: string): Promise<void> {
  await runTool("chattr", [...changes, inner(directory)]);
}

/** A descriptor in /proc is a link, which these programs do not follow. */
function inner(directory: string): string {
  return `${directory}/.`;
}
