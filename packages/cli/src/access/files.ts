import { randomBytes } from "node:crypto";
import { constants } from "node:fs";
import { lstat, mkdir, open, readFile, rename, rmdir, unlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { type AccessFile, DockersnapError } from "@dockersnap/contract/words";
import { namesIn } from "./variables.ts";

/** Which instance of which daemon: another daemon may have one of the same name, and the same daemon may have one later. */
export interface Owner {
  /** By its own id, or by its address where it has none. */
  readonly daemon: string;
  /** When the instance was created. */
  readonly created_at: string;
}

/** Of what `use` wrote last, kept beside the files: what is gone from the next answer is removed. */
export interface Manifest {
  readonly files: readonly string[];
  readonly env: readonly string[];
  /** Absent in what older versions wrote. */
  readonly owner?: Owner | undefined;
}

export const manifestName = ".manifest.json";
const maxManifestBytes = 1024 * 1024;

/**
 * Makes `folder` hold exactly these files, and records them with the names of the variables set. Nothing is written outside
 * it: a name that leads elsewhere, or a symbolic link on the way, rejects before anything is changed. Each file appears whole.
 */
export async function writeAccessFiles(
  folder: string,
  files: readonly AccessFile[],
  env: readonly string[],
  owner: Owner,
): Promise<void> {
  const wanted = files.map((file) => ({ ...file, parts: pathParts(file.name), bits: modeBits(file) }));
  const before = await readManifest(folder);
  const base = dirname(folder);
  // A service's user may have a home that nobody has made yet.
  await mkdir(dirname(base), { recursive: true }).catch((error) => {
    throw cannotWrite(dirname(base), error);
  });
  await ownFolder(base);
  await ownFolder(folder);
  const names = new Set(wanted.map(({ parts }) => parts.join("/")));
  for (const { parts } of wanted) await checkPath(folder, parts);
  // Recorded before anything is written or removed: what a crash leaves behind is still known to the next one.
  await writeManifest(folder, { files: [...new Set([...names, ...before.files])], env, owner });
  for (const { parts, content, bits } of wanted) {
    for (let depth = 1; depth < parts.length; depth += 1) await ownFolder(join(folder, ...parts.slice(0, depth)));
    await replaceFile(join(folder, ...parts), content, bits);
  }
  const gone = before.files.filter((name) => !names.has(name));
  for (const name of gone) await removeFile(folder, name);
  if (gone.length > 0) await writeManifest(folder, { files: [...names], env, owner });
}

/** What the last `use` recorded; nothing where there is no record, or one that cannot be read. */
export async function readManifest(folder: string): Promise<Manifest> {
  const path = join(folder, manifestName);
  try {
    const { size, isFile } = await lstatOf(path);
    if (!isFile || size > maxManifestBytes) return { files: [], env: [] };
    const read: unknown = JSON.parse(await readFile(path, "utf8"));
    const part = (name: string): unknown[] => {
      const list = typeof read === "object" && read !== null ? (read as Record<string, unknown>)[name] : undefined;
      return Array.isArray(list) ? list : [];
    };
    return { files: part("files").filter(isSafeName), env: namesIn(part("env")), owner: ownerIn(read) };
  } catch (error) {
    if (error instanceof SyntaxError || isMissing(error)) return { files: [], env: [] };
    throw error;
  }
}

function ownerIn(read: unknown): Owner | undefined {
  if (typeof read !== "object" || read === null || !("owner" in read)) return undefined;
  const { owner } = read;
  if (typeof owner !== "object" || owner === null || !("daemon" in owner && "created_at" in owner)) return undefined;
  const { daemon, created_at } = owner;
  return typeof daemon === "string" && typeof created_at === "string" ? { daemon, created_at } : undefined;
}

async function writeManifest(folder: string, manifest: Manifest): Promise<void> {
  await replaceFile(join(folder, manifestName), `${JSON.stringify(manifest)}\n`, 0o600);
}

/** A relative path's parts. Throws `plugin_failed` for anything that is not plainly one. */
function pathParts(name: string): string[] {
  if (isSafeName(name)) return name.split("/");
  throw new DockersnapError(
    "plugin_failed",
    `The workload wants to write a file '${name}', which is not a plain relative path; nothing was written.`,
  );
}

function isSafeName(name: unknown): name is string {
  if (typeof name !== "string" || name.length > 1024) return false;
  if (/[\p{Cc}\\]/u.test(name)) return false;
  return name.split("/").every((part) => part !== "" && part !== "." && part !== ".." && part !== manifestName);
}

function modeBits({ name, mode = "0600" }: AccessFile): number {
  if (/^0?[0-7]{3}$/.test(mode)) return Number.parseInt(mode, 8);
  throw new DockersnapError(
    "plugin_failed",
    `The workload wants to write '${name}' with the mode '${mode}', which is not one such as 0600; nothing was written.`,
  );
}

/** Every folder on the way to a file that is already there is a folder, and the file none. */
async function checkPath(folder: string, parts: readonly string[]): Promise<void> {
  for (let depth = 1; depth <= parts.length; depth += 1) {
    const path = join(folder, ...parts.slice(0, depth));
    const found = await lstatOf(path).catch(missingAsUndefined);
    if (found === undefined) return;
    if (depth < parts.length ? !found.isDirectory : found.isDirectory) throw inTheWay(path);
  }
}

/** A folder of one's own that nobody else can read. Throws when a symbolic link or a file is there instead. */
async function ownFolder(path: string): Promise<void> {
  await mkdir(path, { mode: 0o700 }).catch((error) => {
    if (error.code !== "EEXIST") throw cannotWrite(path, error);
  });
  // Opened without following a link, so that what is checked is what is changed.
  const handle = await open(path, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW).catch((error) => {
    throw error.code === "ELOOP" || error.code === "ENOTDIR" ? inTheWay(path) : error;
  });
  try {
    await handle.chmod(0o700);
  } finally {
    await handle.close();
  }
}

/** A link in the file's place is replaced, not followed. */
async function replaceFile(path: string, content: string, mode: number): Promise<void> {
  const temporary = join(dirname(path), `.${randomBytes(6).toString("hex")}.tmp`);
  const handle = await open(temporary, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o600);
  try {
    await handle.writeFile(content);
    await handle.chmod(mode);
    await handle.sync();
  } catch (error) {
    await unlink(temporary);
    throw error;
  } finally {
    await handle.close();
  }
  await rename(temporary, path);
}

/** Removes a file with the folders that are empty without it. A folder in its place is not what was written, so it stays. */
export async function removeFile(folder: string, name: string): Promise<void> {
  const parts = name.split("/");
  for (let depth = 1; depth < parts.length; depth += 1) {
    const found = await lstatOf(join(folder, ...parts.slice(0, depth))).catch(missingAsUndefined);
    if (found === undefined || !found.isDirectory) return;
  }
  await unlink(join(folder, ...parts)).catch((error) => {
    if (error.code !== "EISDIR") missingAsUndefined(error);
  });
  for (let depth = parts.length - 1; depth > 0; depth -= 1) {
    try {
      await rmdir(join(folder, ...parts.slice(0, depth)));
    } catch {
      // Something else is in there, so it stays, and with it everything above.
      return;
    }
  }
}

export async function lstatOf(path: string): Promise<{ size: number; isFile: boolean; isDirectory: boolean }> {
  const found = await lstat(path);
  return { size: found.size, isFile: found.isFile(), isDirectory: found.isDirectory() };
}

export function isMissing(error: unknown): boolean {
  return error instanceof Error && "code" in error && (error.code === "ENOENT" || error.code === "ENOTDIR");
}

function missingAsUndefined(error: unknown): undefined {
  if (!isMissing(error)) throw error;
  return undefined;
}

function cannotWrite(path: string, cause: NodeJS.ErrnoException): DockersnapError {
  return new DockersnapError(
    "wrong_state",
    `The folder ${path} for access files cannot be made (${cause.code ?? cause.message}). Set HOME to a folder you may write to.`,
    { cause },
  );
}

function inTheWay(path: string): DockersnapError {
  return new DockersnapError(
    "wrong_state",
    `${path} is in the way: access files are not written through a link or over something else. Remove it and try again.`,
  );
}
