import type { Stats } from "node:fs";
import { lstat, readdir, realpath, stat } from "node:fs/promises";
import { join } from "node:path";
import { pluginNamePattern } from "@dockersnap/contract";
import { hasErrno } from "../process/errno.ts";
import { whyUntrusted } from "./ownership.ts";

export interface FoundPlugin {
  readonly name: string;
  /** The executable, links resolved: what was looked at is what runs. */
  readonly path: string;
  /** Why it is not to be run, or undefined. */
  readonly refusal: string | undefined;
}

const executable = 0o111;

/**
 * Plugins under `dir`: `<dir>/<name>/<name>` and `<dir>/<name>`, by name. What is no executable of a plugin's name is
 * passed over. A folder that is not there holds no plugins; one that cannot be read rejects.
 */
export async function discover(dir: string): Promise<FoundPlugin[]> {
  const root = await unlessGone(realpath(dir));
  if (root === undefined) return [];
  const names = (await readdir(root)).filter((name) => pluginNamePattern.test(name)).sort();
  const found = await Promise.all(names.map((name) => lookAt(root, name)));
  return found.filter((plugin) => plugin !== undefined);
}

async function lookAt(root: string, name: string): Promise<FoundPlugin | undefined> {
  const entry = join(root, name);
  let path = entry;
  try {
    const isFolder = (await stat(entry)).isDirectory();
    if (isFolder) path = join(entry, name);
    if (!isExecutable(await stat(path))) return undefined;
    const resolved = await realpath(path);
    // The link itself lies in a folder too: who can write there can lead it elsewhere.
    const refusal =
      (isFolder ? await whyUntrusted(await realpath(entry), root) : undefined) ?? (await whyUntrusted(resolved, root));
    return { name, path: resolved, refusal };
  } catch (error) {
    // A folder without a file of its name, or one that went away meanwhile.
    if (hasErrno(error, "ENOENT") && !(await isLink(path))) return undefined;
    return { name, path, refusal: whyUnreadable(path, error) };
  }
}

const isExecutable = (file: Stats) => file.isFile() && (file.mode & executable) !== 0;

async function isLink(path: string): Promise<boolean> {
  return (await unlessGone(lstat(path)))?.isSymbolicLink() ?? false;
}

/** One plugin that cannot be looked at costs the others nothing. */
function whyUnreadable(path: string, error: unknown): string {
  if (hasErrno(error, "ENOENT")) return `${path} is a link that leads nowhere.`;
  if (hasErrno(error, "ELOOP")) return `${path} is a link that leads back to itself.`;
  if (error instanceof Error && "code" in error) return `${path} cannot be looked at: ${error.message}.`;
  throw error;
}

async function unlessGone<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (hasErrno(error, "ENOENT")) return undefined;
    throw error;
  }
}
