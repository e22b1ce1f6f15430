import type { Stats } from "node:fs";
import { lstat, readdir, realpath, stat } from "node:fs/promises";
import { join } from "node:path";
import { nameRules, pluginNamePattern } from "@dockersnap/contract";
import { hasErrno } from "../process/errno.ts";
import { whyUntrusted } from "./ownership.ts";
import { beginningOf, isProgram } from "./program.ts";
import { whyRefused } from "./trust.ts";

export interface FoundPlugin {
  readonly name: string;
  /** The executable, links resolved: what was looked at is what runs. */
  readonly path: string;
  /** Why it is not to be run, or undefined. */
  readonly refusal: string | undefined;
}

const executable = 0o111;

/**
 * Plugins under `dir`: `<dir>/<name>/<name>` and `<dir>/<name>`, by name. A program that cannot be a plugin by its name or
 * its mode is found too, with the reason: somebody put it there to be one. Anything else is passed over. A folder that is not
 * there holds no plugins; one that cannot be read rejects.
 */
export async function discover(dir: string): Promise<FoundPlugin[]> {
  const root = await unlessGone(realpath(dir));
  if (root === undefined) return [];
  const names = (await readdir(root)).filter((name) => !name.startsWith(".")).sort();
  const [fit, misnamed] = [
    names.filter((name) => pluginNamePattern.test(name)),
    names.filter((name) => !pluginNamePattern.test(name)).slice(0, mostMisnamed),
  ];
  const found = await Promise.all([
    ...fit.map((name) => lookAt(root, name)),
    ...misnamed.map((name) => lookAtMisnamed(root, name)),
  ]);
  return found.filter((plugin) => plugin !== undefined);
}

/** Of files that cannot be plugins for their names, so many are looked at. */
const mostMisnamed = 50;

async function lookAtMisnamed(root: string, name: string): Promise<FoundPlugin | undefined> {
  try {
    const isFolder = (await stat(join(root, name))).isDirectory();
    const path = isFolder ? join(root, name, name) : join(root, name);
    if (!isExecutable(await stat(path))) return undefined;
    const refusal = `Its name cannot be a plugin's: expected ${nameRules.plugin}. Rename it.`;
    return { name, path, refusal };
  } catch (error) {
    // Nobody waits for what has no plugin's name and cannot be looked at.
    if (error instanceof Error && "code" in error) return undefined;
    throw error;
  }
}

async function lookAt(root: string, name: string): Promise<FoundPlugin | undefined> {
  const entry = join(root, name);
  let path = entry;
  try {
    const isFolder = (await stat(entry)).isDirectory();
    if (isFolder) path = join(entry, name);
    const file = await stat(path);
    if (!isExecutable(file)) return await notExecutable(name, path, file);
    const resolved = await realpath(path);
    // The link itself lies in a folder too: who can write there can lead it elsewhere.
    const refusal =
      (isFolder ? await whyUntrusted(await realpath(entry), root) : undefined) ?? (await whyRefused(resolved, root));
    return { name, path: resolved, refusal };
  } catch (error) {
    // A folder without a file of its name, or one that went away meanwhile.
    if (hasErrno(error, "ENOENT") && !(await isLink(path))) return undefined;
    return { name, path, refusal: whyUnreadable(path, error) };
  }
}

/** A program that lacks only the mode of one; any other file, such as one of notes, is no plugin. */
async function notExecutable(name: string, path: string, file: Stats): Promise<FoundPlugin | undefined> {
  if (!file.isFile() || !isProgram(await beginningOf(path))) return undefined;
  return { name, path, refusal: `${path} is not executable. 'chmod +x ${path}' makes it so.` };
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
