import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { access, lstat, mkdir, readFile, readlink, rename, symlink, unlink } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { DockersnapError, nameRules, pluginNamePattern } from "@dockersnap/contract/words";
import { codeOf } from "./system-error.ts";

/** What of the SDK's module a build calls. It is loaded from where it is installed. */
interface Bundling {
  bundlePlugin(folder: string, outfile: string): Promise<void>;
}

export interface BuiltPlugin {
  readonly name: string;
  /** The executable. */
  readonly path: string;
}

/**
 * Makes imports of `@dockersnap/plugin-sdk` in the project lead to the SDK of this installation. A link from an earlier
 * installation is replaced; a package that was put there in its place is left alone.
 */
export async function linkSdk(project: string, sdk: string): Promise<void> {
  const link = join(project, "node_modules/@dockersnap/plugin-sdk");
  await mkdir(dirname(link), { recursive: true });
  const found = await lstat(link).catch((error) => {
    if (codeOf(error) === "ENOENT") return undefined;
    throw error;
  });
  if (found !== undefined && !found.isSymbolicLink()) return;
  if (found !== undefined && (await readlink(link)) === sdk) return;
  const temporary = `${link}-${randomBytes(6).toString("hex")}`;
  await symlink(sdk, temporary);
  await rename(temporary, link).catch(async (error) => {
    await unlink(temporary);
    throw error;
  });
}

/**
 * Checks the types of the project in `folder`, where it has settings for that, and bundles it into `bin/<name>` below it: one
 * executable that needs Node and nothing else. What is wrong is told on stderr, with the line it is on.
 */
export async function buildProject(folder: string, sdk: string): Promise<BuiltPlugin> {
  const project = resolve(folder);
  const name = await projectName(project);
  await linkSdk(project, sdk);
  const { bundlePlugin } = (await import(pathToFileURL(join(sdk, "bundling.js")).href)) as Bundling;
  const path = join(project, "bin", name);
  if (!(await hasTypes(project, sdk))) {
    throw new DockersnapError("plugin_failed", `${name} cannot be built; what is wrong with its types is said above.`);
  }
  try {
    await bundlePlugin(project, path);
  } catch (cause) {
    // The bundler has told each of its problems with the line it is on.
    if (!(cause instanceof Error && "errors" in cause)) throw cause;
    throw new DockersnapError("plugin_failed", `${name} cannot be built; what is wrong with it is said above.`, {
      cause,
    });
  }
  return { name, path };
}

/** Whether the compiler finds nothing wrong with the types of the project, or the project does not ask for it. */
async function hasTypes(project: string, sdk: string): Promise<boolean> {
  if (!(await isThere(join(project, "tsconfig.json")))) return true;
  const compiler = spawn(join(sdk, "typescript/lib/tsc"), ["-p", project, "--noEmit"], {
    // Its stdout is for people; this command's may be a document.
    stdio: ["ignore", 2, 2],
  });
  const [code] = await once(compiler, "close");
  return code === 0;
}

const isThere = (path: string) =>
  access(path).then(
    () => true,
    () => false,
  );

/** The plugin's name, which is the package's without its scope. Rejects where there is no package of a plugin. */
export async function projectName(project: string): Promise<string> {
  const manifest = join(project, "package.json");
  const { name } = await readManifest(manifest);
  const last = typeof name === "string" ? (name.split("/").at(-1) ?? "") : "";
  if (!pluginNamePattern.test(last)) {
    throw new DockersnapError(
      "invalid_request",
      `The "name" in ${manifest} cannot be a plugin's name: expected ${nameRules.plugin}.`,
    );
  }
  return last;
}

async function readManifest(path: string): Promise<{ name?: unknown }> {
  try {
    const manifest: unknown = JSON.parse(await readFile(path, "utf8"));
    return typeof manifest === "object" && manifest !== null ? manifest : {};
  } catch (cause) {
    if (codeOf(cause) === "ENOENT") {
      const hint = "Run this in the folder of a plugin in TypeScript; others are ready as they are written.";
      throw new DockersnapError("not_found", `There is no ${path}. ${hint}`, { cause });
    }
    if (cause instanceof SyntaxError) {
      throw new DockersnapError("invalid_request", `${path} is not JSON: ${cause.message}.`, { cause });
    }
    throw cause;
  }
}
