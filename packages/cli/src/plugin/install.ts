import { constants, type Stats } from "node:fs";
import { access, lstat, mkdir, open, stat } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { DockersnapError, nameRules, pluginNamePattern } from "@dockersnap/contract/words";
import { putFile, putFolder } from "./place.ts";
import { codeOf } from "./system-error.ts";

export const defaultPluginFolder = "/usr/local/lib/dockersnap/plugins";

/** Far more than a bundled plugin has. */
const maxBytes = 512 * 1024 * 1024;

export interface InstalledPlugin {
  readonly name: string;
  /** The executable. */
  readonly path: string;
  /** What the daemon is likely to object to, a sentence each. */
  readonly warnings: readonly string[];
}

/**
 * Puts a plugin where the daemon looks: an executable as `<folder>/<name>/<name>`, or over a file `<folder>/<name>` that is
 * already there; or a whole folder, whose executable bears its name, as `<folder>/<name>`. It is the caller's then and writable
 * by nobody else, as the daemon demands. An executable appears whole: who starts it meanwhile gets the old or the new.
 */
export async function installPlugin(source: string, folder: string): Promise<InstalledPlugin> {
  const from = resolve(source);
  const name = basename(from);
  if (!pluginNamePattern.test(name)) {
    throw new DockersnapError(
      "invalid_request",
      `'${name}' cannot be a plugin's name: expected ${nameRules.plugin}. Rename it first.`,
    );
  }
  try {
    const isFolder = (await stat(from)).isDirectory();
    const executable = isFolder ? join(from, name) : from;
    const { content, beginning } = await readExecutable(executable, isFolder ? source : undefined);
    const root = resolve(folder);
    await mkdir(root, { recursive: true, mode: 0o755 });
    const place = join(root, name);
    const path = isFolder ? await putFolder(from, place) : await putFile(content, place, await lookAt(place));
    return { name, path, warnings: [...ownerWarnings(), ...(await interpreterWarnings(name, beginning))] };
  } catch (cause) {
    throw explained(cause, source, folder);
  }
}

async function lookAt(place: string): Promise<"nothing" | "file" | "folder"> {
  let found: Stats;
  try {
    found = await lstat(place);
  } catch (error) {
    if (codeOf(error) === "ENOENT") return "nothing";
    throw error;
  }
  if (found.isFile()) return "file";
  if (found.isDirectory()) return "folder";
  throw new DockersnapError(
    "wrong_state",
    `${place} is a link or something else that is no file and no folder; nothing is written through it. Remove it and try again.`,
  );
}

async function readExecutable(path: string, folder: string | undefined) {
  const what =
    folder === undefined ? `'${path}' is not` : `The folder '${folder}' holds no '${basename(path)}' that is`;
  const no = (why: string) =>
    new DockersnapError("invalid_request", `${what} an executable file: ${why}${why.endsWith("?") ? "" : "."}`);
  const handle = await open(path, constants.O_RDONLY).catch(async (error) => {
    if (folder === undefined || codeOf(error) !== "ENOENT") throw error;
    const built = join(folder, "bin", basename(path));
    const isBuilt = await access(built, constants.X_OK).then(
      () => true,
      () => false,
    );
    throw no(`a plugin's executable bears its folder's name${isBuilt ? `. Did you mean ${built}?` : ""}`);
  });
  try {
    const found = await handle.stat();
    if (!found.isFile()) throw no("it is something else than a file");
    if (found.size === 0) throw no("it is empty");
    if (found.size > maxBytes) throw no(`it has more than ${maxBytes / 1024 / 1024} MiB`);
    const content = await handle.readFile();
    const beginning = content.subarray(0, 256).toString("latin1");
    if (!beginning.startsWith("#!") && !beginning.startsWith("\u007fELF")) {
      throw no("it begins neither as a program does nor with '#!' and the interpreter of a script");
    }
    return { content, beginning };
  } finally {
    await handle.close();
  }
}

async function interpreterWarnings(name: string, beginning: string): Promise<string[]> {
  const [, interpreter] = /^#!\s*([^ \t\n]+)/.exec(beginning) ?? [];
  if (interpreter === undefined) return [];
  try {
    await access(interpreter, constants.X_OK);
    return [];
  } catch {
    return [`${name} cannot be started here: its first line names ${JSON.stringify(interpreter)}, which is not there.`];
  }
}

function ownerWarnings(): string[] {
  const user = process.geteuid?.();
  if (user === 0) return [];
  return [`It belongs to user ${user}: a daemon that runs as root refuses it. Install it as root for that one.`];
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
