import { type FileHandle, lstat } from "node:fs/promises";
import { hasErrno } from "../process/errno.ts";
import { run } from "../process/run.ts";
import { runTool } from "../process/tool.ts";
import { inside, openBelow, pathOf, split } from "./open-below.ts";
import { clearScript, copyScript, flagScript, obstaclesScript, plainScript } from "./part-scripts.ts";
import { setReadOnly } from "./subvolume.ts";

/** A volume of millions of files takes minutes, although its data is shared and not read. */
const longestMs = 1_800_000;

/** A name in a folder that is open. */
export interface Entry {
  readonly folder: FileHandle;
  readonly name: string;
}

/** What keeps something from being moved: flags of chattr(1), and being a subvolume that is read-only. */
export interface Locks {
  readonly flags: number;
  readonly readOnly: boolean;
}

/** Copy each thing into the folder, under a name of its own there. */
export async function copyInto(
  folder: FileHandle,
  sources: readonly (Entry & { readonly as: string })[],
  signal: AbortSignal,
): Promise<void> {
  if (sources.length === 0) return;
  const words = sources.flatMap((source) => [...wordsOf(source), source.as]);
  await run("perl", ["-", pathOf(folder), ...words], { input: copyScript, timeoutMs: longestMs, signal });
}

/** Delete something with all that is in it. */
export async function clear(entry: Entry): Promise<void> {
  await run("perl", ["-", ...wordsOf(entry)], { input: clearScript, timeoutMs: longestMs });
}

/** Have what is made in this folder be only what it is made as. */
export async function makePlain(folder: FileHandle): Promise<void> {
  await perl(plainScript, [pathOf(folder)]);
}

/** For each the flags of its folder, and what keeps it from being moved; undefined where there is nothing. */
export async function obstaclesOf(
  all: readonly Entry[],
): Promise<readonly { readonly folderFlags: number; readonly locks: Locks | undefined }[]> {
  if (all.length === 0) return [];
  const lines = (await perl(obstaclesScript, all.flatMap(wordsOf))).split("\n").slice(0, -1);
  return lines.map((line) => {
    const [folderFlags = 0, isThere, flags = 0, readOnly] = line.split(" ").map(Number);
    return { folderFlags, locks: isThere === 1 ? { flags, readOnly: readOnly === 1 } : undefined };
  });
}

/** Let it be moved. */
export async function loosen(entry: Entry, { flags, readOnly }: Locks): Promise<void> {
  if (readOnly) await setReadOnly(namedPath(entry), false);
  if (flags !== 0) await setFlags(entry, 0);
}

/** As it was before `loosen`. */
export async function fasten(entry: Entry, { flags, readOnly }: Locks): Promise<void> {
  if (flags !== 0) await setFlags(entry, flags);
  if (readOnly) await setReadOnly(namedPath(entry), true);
}

/** Do something in a folder that has these flags against it, which it has afterwards in any case. */
export async function inLocked<T>(folder: FileHandle, flags: number, work: () => Promise<T>): Promise<T> {
  if (flags === 0) return work();
  const itself = { folder, name: "." };
  await setFlags(itself, 0);
  try {
    return await work();
  } finally {
    await setFlags(itself, flags);
  }
}

async function setFlags(entry: Entry, flags: number): Promise<void> {
  await perl(flagScript, [...wordsOf(entry), String(flags)]);
}

/** A folder by its path in a tree; undefined where there is none. */
export async function folderIn(tree: string, path: string): Promise<FileHandle | undefined> {
  try {
    return await openBelow(tree, Buffer.from(path));
  } catch (error) {
    if (hasErrno(error, "ENOENT")) return undefined;
    throw error;
  }
}

/** Whether there is anything at a path in a tree, and not behind a link. */
export async function isThere(tree: string, path: string): Promise<boolean> {
  const { folder, name } = split(Buffer.from(path));
  try {
    await using around = await openBelow(tree, folder);
    await lstat(inside(around, name));
    return true;
  } catch (error) {
    if (hasErrno(error, "ENOENT", "ENOTDIR", "ELOOP")) return false;
    throw error;
  }
}

export function pathIn({ folder, name }: Entry): Buffer {
  return inside(folder, Buffer.from(name));
}

function namedPath({ folder, name }: Entry): string {
  return `${pathOf(folder)}/${name}`;
}

function wordsOf({ folder, name }: Entry): readonly string[] {
  return [pathOf(folder), Buffer.from(name).toString("hex")];
}

async function perl(script: string, args: readonly string[]): Promise<string> {
  return (await runTool("perl", ["-", ...args], { input: script })).stdout;
}
