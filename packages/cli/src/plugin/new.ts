import { randomBytes } from "node:crypto";
import { mkdir, readdir, readFile, rename, rm, rmdir, stat, writeFile } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { DockersnapError, nameRules, pluginNamePattern } from "@dockersnap/contract/words";
import { codeOf } from "./system-error.ts";

/** What a plugin can be begun in, the usual one first. */
export const pluginLanguages = ["typescript", "bash", "python"] as const;
export type PluginLanguage = (typeof pluginLanguages)[number];

export interface NewPlugin {
  readonly name: string;
  readonly language: PluginLanguage;
  readonly path: string;
}

/**
 * Writes a plugin's project into `folder`, which may not exist yet or be empty: all of it, or nothing. `sdk` is the
 * installation's, whose templates it is made from; `finish` is called on the project before anyone can see it.
 */
export async function newPlugin(
  plugin: { readonly name: string; readonly language: PluginLanguage; readonly folder: string },
  sdk: string,
  finish: (project: string) => Promise<void>,
): Promise<NewPlugin> {
  const { name, language } = plugin;
  if (!pluginNamePattern.test(name)) {
    throw new DockersnapError("invalid_request", `'${name}' cannot be a plugin's name: expected ${nameRules.plugin}.`);
  }
  const path = resolve(plugin.folder);
  const existing = await entriesOf(path);
  if (existing !== undefined && existing.length > 0) {
    throw new DockersnapError("already_exists", `${path} is not empty. Name another folder with --dir.`);
  }
  // Within a folder that is there, so that whoever stands in it stays in it.
  const place = existing === undefined ? dirname(path) : path;
  const unfinished = join(place, `.${basename(path)}-${randomBytes(6).toString("hex")}`);
  try {
    await makeFolder(unfinished, place);
    await writeRenamed(join(sdk, "templates", language), unfinished, `plugin-${language}`, name);
    await finish(unfinished);
    if (existing === undefined) await rename(unfinished, path);
    else await moveEntries(unfinished, path);
  } catch (error) {
    await rm(unfinished, { recursive: true, force: true });
    throw error;
  }
  return { name, language, path };
}

/** What is in the folder, or undefined where there is none. */
async function entriesOf(path: string): Promise<string[] | undefined> {
  try {
    return await readdir(path);
  } catch (cause) {
    if (codeOf(cause) === "ENOENT") return undefined;
    if (codeOf(cause) === "ENOTDIR") {
      throw new DockersnapError("already_exists", `${path} is a file. Name another folder with --dir.`, { cause });
    }
    throw cause;
  }
}

async function makeFolder(path: string, place: string): Promise<void> {
  try {
    await mkdir(path);
  } catch (cause) {
    const code = codeOf(cause);
    if (code === "ENOENT") throw new DockersnapError("not_found", `There is no folder ${place}.`, { cause });
    if (code === "EACCES" || code === "EROFS") {
      throw new DockersnapError("forbidden", `This user may not write to ${place}. Name another folder with --dir.`, {
        cause,
      });
    }
    throw cause;
  }
}

/** Copies the files below `from`, with `oldName` made `newName` in what they are called and in what they say. */
async function writeRenamed(from: string, to: string, oldName: string, newName: string): Promise<void> {
  for (const entry of await readTemplate(from)) {
    const source = join(from, entry.name);
    const target = join(to, entry.name.replaceAll(oldName, newName));
    if (entry.isDirectory()) {
      await mkdir(target);
      await writeRenamed(source, target, oldName, newName);
    } else {
      const content = await readFile(source, "utf8");
      const isProgram = ((await stat(source)).mode & 0o100) !== 0;
      await writeFile(target, content.replaceAll(oldName, newName), { mode: isProgram ? 0o777 : 0o666, flag: "wx" });
    }
  }
}

async function readTemplate(path: string) {
  try {
    return await readdir(path, { withFileTypes: true });
  } catch (cause) {
    if (codeOf(cause) !== "ENOENT") throw cause;
    throw new DockersnapError("internal", `This installation of dockersnap is not whole: it lacks ${path}.`, { cause });
  }
}

async function moveEntries(from: string, to: string): Promise<void> {
  const moved: string[] = [];
  try {
    for (const name of await readdir(from)) {
      await rename(join(from, name), join(to, name));
      moved.push(name);
    }
    await rmdir(from);
  } catch (error) {
    for (const name of moved) await rm(join(to, name), { recursive: true });
    throw error;
  }
}
