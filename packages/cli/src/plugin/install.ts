import { randomBytes } from "node:crypto";
import { constants } from "node:fs";
import { chmod, chown, lstat, mkdir, open, rename, unlink } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { DockersnapError, nameRules, pluginNamePattern } from "@dockersnap/contract/words";
import { codeOf } from "./system-error.ts";

export const defaultPluginFolder = "/usr/local/lib/dockersnap/plugins";

/** Far more than a bundled plugin has. */
const maxBytes = 512 * 1024 * 1024;

export interface InstalledPlugin {
  readonly name: string;
  readonly path: string;
}

/**
 * Copies an executable to `<folder>/<name>/<name>`, or over a file `<folder>/<name>` that is already there, owned by the caller
 * and writable by nobody else, as the daemon demands. It appears whole: a daemon that starts it meanwhile gets the old or the new.
 */
export async function installPlugin(source: string, folder: string): Promise<InstalledPlugin> {
  const name = basename(source);
  if (!pluginNamePattern.test(name)) {
    throw new DockersnapError(
      "invalid_request",
      `'${name}' cannot be a plugin's name: expected ${nameRules.plugin}. Rename the file first.`,
    );
  }
  try {
    const content = await readExecutable(source);
    const root = resolve(folder);
    await mkdir(root, { recursive: true, mode: 0o755 });
    const place = join(root, name);
    const flat = await isFile(place);
    if (!flat) await tightFolder(place);
    const path = flat ? place : join(place, name);
    await replaceExecutable(path, content);
    return { name, path };
  } catch (cause) {
    throw explained(cause, source, folder);
  }
}

async function readExecutable(source: string): Promise<Buffer> {
  const handle = await open(source, constants.O_RDONLY);
  try {
    const found = await handle.stat();
    if (!found.isFile() || found.size === 0 || found.size > maxBytes) {
      throw new DockersnapError("invalid_request", `'${source}' is not an executable file.`);
    }
    return await handle.readFile();
  } finally {
    await handle.close();
  }
}

async function tightFolder(path: string): Promise<void> {
  await mkdir(path, { mode: 0o755 }).catch((error) => {
    if (error.code !== "EEXIST") throw error;
  });
  await chown(path, callerId(process.geteuid), callerId(process.getegid));
  await chmod(path, 0o755);
}

async function replaceExecutable(path: string, content: Buffer): Promise<void> {
  // A dot file is none the daemon takes for a plugin.
  const temporary = join(dirname(path), `.${randomBytes(6).toString("hex")}.tmp`);
  const handle = await open(temporary, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o600);
  try {
    await handle.writeFile(content);
    await handle.chmod(0o755);
    await handle.sync();
    await handle.close();
    await rename(temporary, path);
  } catch (error) {
    await handle.close();
    await unlink(temporary);
    throw error;
  }
}

async function isFile(path: string): Promise<boolean> {
  try {
    return (await lstat(path)).isFile();
  } catch (error) {
    if (codeOf(error) === "ENOENT") return false;
    throw error;
  }
}

function callerId(read: (() => number) | undefined): number {
  if (read === undefined) throw new DockersnapError("wrong_state", "Plugins are installed on Linux only.");
  return read();
}

function explained(cause: unknown, source: string, folder: string): unknown {
  const code = codeOf(cause);
  if (cause instanceof DockersnapError) return cause;
  if (code === "ENOENT") return new DockersnapError("not_found", `There is no file '${source}'.`, { cause });
  if (code === "EACCES" || code === "EPERM" || code === "EROFS") {
    return new DockersnapError(
      "forbidden",
      `'${source}' cannot be installed in ${folder}: this user may not write there. Try it as root: sudo dockersnap plugin install ${source}`,
      { cause },
    );
  }
  return cause;
}
