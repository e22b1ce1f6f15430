import { spawnSync } from "node:child_process";
import { copyFile, cp, mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { basename, dirname, join } from "node:path";
import { type BuildOptions, build, type Plugin } from "esbuild";
import { withoutRemoteDocker } from "../packages/plugin-sdk/src/docker/without-remote.ts";

/** What may stand beside the sources of an example without being one of them. */
const byProducts = ["node_modules", "bin", "__pycache__"];

/**
 * Writes the SDK as an installed dockersnap carries it: one folder in which a plugin's project finds everything it needs to
 * be written, checked, tested and built, and `templates/`, which are the examples. Nothing in it leads out of it.
 */
export async function buildPluginSdk(root: string, outdir: string, common: BuildOptions): Promise<void> {
  const unfinished = `${outdir}.new`;
  await rm(unfinished, { recursive: true, force: true });
  await mkdir(unfinished, { recursive: true });
  await Promise.all([
    bundleModules(root, unfinished, common),
    carryDockerode(unfinished, common),
    carryEsbuild(root, unfinished),
    carryCompiler(root, unfinished),
    writeDeclarations(root, unfinished),
    copyTemplates(join(root, "examples"), join(unfinished, "templates")),
  ]);
  await rm(outdir, { recursive: true, force: true });
  await rename(unfinished, outdir);
}

async function bundleModules(root: string, outdir: string, common: BuildOptions): Promise<void> {
  const source = join(root, "packages/plugin-sdk");
  const { name, version, license } = await readJson(join(source, "package.json"));
  const modules = { index: "src/index.ts", testing: "src/testing/index.ts", bundling: "src/bundling.ts" };
  await build({
    ...common,
    format: "esm",
    entryPoints: {
      ...Object.fromEntries(Object.entries(modules).map(([out, path]) => [out, join(source, path)])),
      "docker/load": join(source, "src/docker/load.ts"),
    },
    outdir,
    splitting: true,
    external: ["esbuild"],
    plugins: [keepLoaderApart],
  });
  await writeJson(join(outdir, "package.json"), {
    name,
    version,
    license,
    type: "module",
    sideEffects: false,
    exports: {
      ".": { types: "./types/plugin-sdk/src/index.d.ts", default: "./index.js" },
      "./testing": { types: "./types/plugin-sdk/src/testing/index.d.ts", default: "./testing.js" },
      "./bundling": { types: "./types/plugin-sdk/src/bundling.d.ts", default: "./bundling.js" },
    },
  });
}

/** A plugin's build puts another module in its place, and finds it by its path. */
const keepLoaderApart: Plugin = {
  name: "keep-loader-apart",
  setup({ onResolve }) {
    onResolve({ filter: /^\.\/load\.ts$/ }, () => ({ path: "./docker/load.js", external: true }));
  },
};

/** dockerode in one file, since its own tree of packages is twenty times as large. */
async function carryDockerode(outdir: string, common: BuildOptions): Promise<void> {
  const folder = join(outdir, "node_modules/dockerode");
  await build({
    ...common,
    format: "cjs",
    stdin: { contents: `module.exports = require("dockerode");`, resolveDir: import.meta.dirname, loader: "js" },
    outfile: join(folder, "index.js"),
    alias: { "readable-stream": "node:stream" },
    plugins: [withoutRemoteDocker],
  });
  await writeJson(join(folder, "package.json"), { name: "dockerode", type: "commonjs", main: "index.js" });
}

async function carryEsbuild(root: string, outdir: string): Promise<void> {
  const require = createRequire(join(root, "package.json"));
  const esbuild = dirname(require.resolve("esbuild/package.json"));
  const program = `@esbuild/${process.platform}-${process.arch}`;
  const binary = createRequire(join(esbuild, "lib/main.js")).resolve(`${program}/bin/esbuild`);
  const carried = join(outdir, "node_modules");
  await copyFiles(esbuild, join(carried, "esbuild"), ["package.json", "LICENSE.md", "lib/main.js"]);
  await copyFiles(dirname(dirname(binary)), join(carried, program), ["package.json", "bin/esbuild"]);
}

/** TypeScript's compiler, which is one program with its library's declarations beside it. */
async function carryCompiler(root: string, outdir: string): Promise<void> {
  const require = createRequire(join(root, "node_modules/typescript-7/package.json"));
  const name = `@typescript/typescript-${process.platform}-${process.arch}`;
  const folder = dirname(require.resolve(`${name}/package.json`));
  const parts = ["package.json", "LICENSE", "NOTICE.txt", "lib"];
  for (const part of parts) await cp(join(folder, part), join(outdir, "typescript", part), { recursive: true });
}

/** The declarations of the SDK, and of all they mention. */
async function writeDeclarations(root: string, outdir: string): Promise<void> {
  const packages = join(root, "packages");
  const settings = join(outdir, "tsconfig.json");
  const types = join(outdir, "types");
  await writeJson(settings, {
    extends: join(root, "tsconfig.json"),
    compilerOptions: {
      noEmit: false,
      // Types are checked by `npm run types`; here they are only written down.
      noCheck: true,
      declaration: true,
      emitDeclarationOnly: true,
      rootDir: packages,
      outDir: types,
      typeRoots: [join(root, "node_modules/@types")],
    },
    include: ["plugin-sdk/src", "contract/src"].map((path) => join(packages, path)),
  });
  const compiler = join(root, "node_modules/typescript-7/bin/tsc");
  const { status, stdout, stderr } = spawnSync(process.execPath, [compiler, "-p", settings], { encoding: "utf8" });
  if (status !== 0) throw new Error(`The SDK's declarations could not be written:\n${stdout}${stderr}`);
  await rm(settings);

  const carried = join(outdir, "node_modules");
  await mkdir(join(carried, "@dockersnap"), { recursive: true });
  await rename(join(types, "contract"), join(carried, "@dockersnap/contract"));
  await writeJson(join(carried, "@dockersnap/contract/package.json"), {
    name: "@dockersnap/contract",
    type: "module",
    exports: { "./words": { types: "./src/words.d.ts" } },
  });
  const installed = join(root, "node_modules");
  for (const name of ["@types/node", "@types/dockerode", "@types/docker-modem", "@types/ssh2", "undici-types", "zod"]) {
    await copyDeclarations(join(installed, name), join(carried, name));
  }
}

/** All of a package an editor reads, and none of its own packages. */
async function copyDeclarations(from: string, to: string): Promise<void> {
  const isPart = /(^|\/)(package\.json|LICENSE)$|\.d\.ts$/;
  await cp(from, to, {
    recursive: true,
    filter: (path) => {
      const inside = path.slice(from.length);
      return !/\/(node_modules|src)(\/|$)/.test(inside) && (!/\.[^/]+$/.test(inside) || isPart.test(inside));
    },
  });
}

async function copyTemplates(examples: string, outdir: string): Promise<void> {
  for (const folder of await readdir(examples)) {
    const language = /^plugin-([a-z]+)$/.exec(folder)?.[1];
    if (language === undefined) continue;
    await cp(join(examples, folder), join(outdir, language), {
      recursive: true,
      filter: (path) => !byProducts.includes(basename(path)),
    });
  }
}

async function copyFiles(from: string, to: string, paths: readonly string[]): Promise<void> {
  for (const path of paths) {
    await mkdir(dirname(join(to, path)), { recursive: true });
    await copyFile(join(from, path), join(to, path));
  }
}

async function readJson(path: string): Promise<Record<string, unknown>> {
  return JSON.parse(await readFile(path, "utf8"));
}

async function writeJson(path: string, value: unknown): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, `${JSON.stringify(value, null, 2)}\n`);
}
