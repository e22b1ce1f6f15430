import { randomBytes } from "node:crypto";
import { constants } from "node:fs";
import {
  chmod,
  chown,
  copyFile,
  lstat,
  mkdir,
  open,
  readdir,
  readlink,
  rename,
  rm,
  symlink,
  unlink,
} from "node:fs/promises";
import { basename, dirname, join, relative, resolve } from "node:path";
import { DockersnapError } from "@dockersnap/contract/words";
import { codeOf } from "./system-error.ts";

const anyExecute = 0o111;
const mostFiles = 20_000;

/** Write an executable to `<place>/<name>`, or over `place` where that is a file; answers with its path. */
export async function putFile(content: Buffer, place: string, found: "nothing" | "file" | "folder"): Promise<string> {
  if (found !== "file") await tightFolder(place);
  const path = found === "file" ? place : join(place, basename(place));
  const temporary = passedOver(path);
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
  return path;
}

/**
 * Copy a folder to `place`, in place of what is there; answers with its executable's path. It is copied whole first and then
 * exchanged in two renames, for the kernel's one act for it cannot be had here: what is there stays until the copy is done.
 */
export async function putFolder(from: string, place: string): Promise<string> {
  const fresh = passedOver(place);
  const old = passedOver(place);
  try {
    await copyTree(from, fresh);
    await chmod(join(fresh, basename(place)), 0o755);
    const isReplaced = await movedAway(place, old);
    await rename(fresh, place).catch(async (error) => {
      if (isReplaced) await rename(old, place);
      throw error;
    });
  } catch (error) {
    await rm(fresh, { recursive: true, force: true });
    throw error;
  }
  await rm(old, { recursive: true, force: true });
  return join(place, basename(place));
}

/** A name beside `path` that the daemon takes for no plugin. */
const passedOver = (path: string) => join(dirname(path), `.${basename(path)}.${randomBytes(6).toString("hex")}`);

async function movedAway(place: string, to: string): Promise<boolean> {
  try {
    await rename(place, to);
    return true;
  } catch (error) {
    if (codeOf(error) === "ENOENT") return false;
    throw error;
  }
}

async function tightFolder(path: string): Promise<void> {
  await mkdir(path, { mode: 0o755 }).catch((error) => {
    if (codeOf(error) !== "EEXIST") throw error;
  });
  await chown(path, callerId(process.geteuid), callerId(process.getegid));
  await chmod(path, 0o755);
}

/** What is copied is the caller's and writable by nobody else, whatever it was before. */
async function copyTree(from: string, to: string): Promise<void> {
  let files = 0;
  const copy = async (source: string, target: string): Promise<void> => {
    files += 1;
    if (files > mostFiles)
      throw refused(from, `holds more than ${mostFiles} files; a plugin's folder is not a whole project`);
    const found = await lstat(source);
    if (found.isDirectory()) {
      await mkdir(target, { mode: 0o755 });
      await chmod(target, 0o755);
      for (const name of await readdir(source)) await copy(join(source, name), join(target, name));
    } else if (found.isSymbolicLink()) {
      await symlink(await innerLink(from, source), target);
    } else if (found.isFile()) {
      await copyFile(source, target, constants.COPYFILE_EXCL);
      await chmod(target, (found.mode & anyExecute) === 0 ? 0o644 : 0o755);
    } else throw refused(from, `holds '${relative(from, source)}', which is neither a file nor a folder`);
  };
  await copy(from, to);
}

/** Where a link leads, if that comes along; elsewhere it would lead to what others may change. */
async function innerLink(folder: string, link: string): Promise<string> {
  const target = await readlink(link);
  const isInside = !target.startsWith("/") && `${resolve(dirname(link), target)}/`.startsWith(`${folder}/`);
  if (isInside) return target;
  throw refused(folder, `holds '${relative(folder, link)}', a link that leads out of it, to ${target}`);
}

const refused = (folder: string, problem: string) =>
  new DockersnapError("invalid_request", `The folder '${folder}' cannot be installed: it ${problem}.`);

function callerId(read: (() => number) | undefined): number {
  if (read === undefined) throw new DockersnapError("wrong_state", "Plugins are installed on Linux only.");
  return read();
}
