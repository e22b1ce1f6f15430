import { readdir, readFile, readlink } from "node:fs/promises";
import { unescaped } from "./mounts.ts";

/** What keeps a tree from being deleted, as far as it shows. */
export async function holderOf(tree: string): Promise<string | undefined> {
  const swap = await swapFileIn(tree);
  if (swap !== undefined) return `the swap file ${JSON.stringify(swap)} is in use; 'swapoff' ends that`;
  for (const pid of (await readdir("/proc")).filter((name) => /^\d+$/.test(name))) {
    if (await hasOpen(pid, tree)) return `process ${pid} (${JSON.stringify(await nameOf(pid))}) has it open`;
  }
  return undefined;
}

/** A swap file in this tree that is in use: the kernel neither deletes such a tree nor takes a snapshot of it. */
export async function swapFileIn(tree: string): Promise<string | undefined> {
  return parseSwaps(await readFile("/proc/swaps", "utf8")).find((file) => isWithin(file, tree));
}

/** The files of `/proc/swaps`, whose names have their blanks and newlines written as octal numbers. */
export function parseSwaps(text: string): readonly string[] {
  const lines = text.split("\n").slice(1);
  return lines.map((line) => unescaped(line.split(/[ \t]/)[0] ?? "")).filter((file) => file !== "");
}

async function hasOpen(pid: string, tree: string): Promise<boolean> {
  // A process may end at any moment, and each question then fails.
  const files = await readdir(`/proc/${pid}/fd`).catch(() => []);
  const links = await Promise.all(files.map((file) => readlink(`/proc/${pid}/fd/${file}`).catch(() => "")));
  return links.some((link) => isWithin(link, tree));
}

async function nameOf(pid: string): Promise<string> {
  return (await readFile(`/proc/${pid}/comm`, "utf8").catch(() => "")).trimEnd();
}

function isWithin(path: string, tree: string): boolean {
  return path === tree || path.startsWith(`${tree}/`);
}
