import { chmod, mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { builtinModules } from "node:module";
import { basename, dirname, join, relative, resolve } from "node:path";
import { type BuildOptions, build, type Plugin } from "esbuild";

/**
 * Bundles what is run: `node scripts/build.ts [cli] [daemon] [plugins] [plugins/<name>…]`, everything without a word.
 *
 *   cli            dist/cli/, and bin/dockersnap that starts it with the project's own Node
 *   daemon         dist/daemon/main.mjs
 *   plugins        bin/plugins/<name>, one executable file each
 */
const root = resolve(import.meta.dirname, "..");

const common = {
  bundle: true,
  platform: "node",
  target: "node24",
  absWorkingDir: root,
  logLevel: "warning",
  legalComments: "none",
  // Of native parts, which their libraries can do without, there is nothing to bundle.
  external: ["cpu-features", "*.node"],
} satisfies BuildOptions;

/** Node's own modules without an import or a require, so that the bundle is the same as a module and as CommonJS. */
const builtinsByFunction: Plugin = {
  name: "builtins-by-function",
  setup({ onResolve, onLoad }) {
    const names = builtinModules.flatMap((name) => [name, `node:${name}`]);
    onResolve({ filter: /^(node:)?[a-z_/0-9]+$/ }, ({ path }) =>
      names.includes(path) || path.startsWith("node:") ? { path, namespace: "builtin" } : undefined,
    );
    onLoad({ filter: /.*/, namespace: "builtin" }, ({ path }) => ({
      contents: `module.exports = process.getBuiltinModule(${JSON.stringify(path)});`,
      loader: "js",
    }));
  },
};

/** Named imports from JSON, such as a version, which a plugin's source may use and the standard knows by default only. */
const namedJson: Plugin = {
  name: "named-json",
  setup({ onLoad }) {
    onLoad({ filter: /\.json$/ }, async ({ path }) => {
      const content: unknown = JSON.parse(await readFile(path, "utf8"));
      const names = typeof content === "object" && content !== null ? Object.keys(content) : [];
      const named = names
        .filter((name) => /^[a-z][A-Za-z0-9]*$/.test(name))
        .map(
          (name) =>
            `const $${name} = ${JSON.stringify(Reflect.get(content as object, name))};\nexport { $${name} as ${name} };`,
        );
      return { contents: `export default ${JSON.stringify(content)};\n${named.join("\n")}`, loader: "js" };
    });
  },
};

const targets = process.argv.slice(2);
const unknown = targets.filter((word) => !/^(cli|daemon|plugins(\/[a-z][a-z0-9-]*)?)$/.test(word));
if (unknown.length > 0)
  throw new Error(`Not a target: ${unknown.join(", ")}. There are cli, daemon, plugins, plugins/<name>.`);
const wants = (target: string) => targets.length === 0 || targets.includes(target);

if (wants("cli")) await buildCli();
if (wants("daemon")) await buildDaemon();
for (const name of await pluginNames()) {
  if (wants("plugins") || targets.includes(`plugins/${name}`)) await buildPlugin(name);
}

/**
 * Two files: a first one that turns the compile cache on, and all the rest, which is then loaded through it. CommonJS, because
 * importing `node:http` as a module loads all that hangs on its exports, `fetch` included.
 */
async function buildCli(): Promise<void> {
  const outdir = join(root, "dist/cli");
  await rm(outdir, { recursive: true, force: true });
  const options = { ...common, format: "cjs", minifySyntax: true, minifyWhitespace: true } satisfies BuildOptions;
  await build({
    ...options,
    entryPoints: [join(root, "packages/cli/src/start.ts")],
    outfile: join(outdir, "main.cjs"),
    // import() of a file would start the loader of modules.
    supported: { "dynamic-import": false },
    plugins: [leaveOut(/^\.\/run\.ts$/, "./run.cjs")],
  });
  await build({ ...options, entryPoints: [join(root, "packages/cli/src/run.ts")], outfile: join(outdir, "run.cjs") });
  await writeLauncher(join(root, "bin/dockersnap"), join(outdir, "main.cjs"));
}

function leaveOut(filter: RegExp, instead: string): Plugin {
  return {
    name: "leave-out",
    setup: ({ onResolve }) => onResolve({ filter }, () => ({ path: instead, external: true })),
  };
}

/** Starts the program with the Node of this build, whichever is first in PATH, and looks nothing up while it does. */
async function writeLauncher(path: string, program: string): Promise<void> {
  const words = [process.execPath, program].map((word) => `'${word.replaceAll("'", "'\\''")}'`);
  await writeExecutable(path, `#!/bin/sh\nexec ${words.join(" ")} "$@"\n`);
}

async function buildDaemon(): Promise<void> {
  await build({
    ...common,
    entryPoints: [join(root, "packages/daemon/src/main.ts")],
    outfile: join(root, "dist/daemon/main.mjs"),
    format: "esm",
    sourcemap: "linked",
    // Bundled CommonJS libraries ask for Node's own modules with require.
    banner: {
      js: 'import { createRequire as __createRequire } from "node:module";\nconst require = __createRequire(import.meta.url);',
    },
  });
}

async function pluginNames(): Promise<string[]> {
  const folders = await readdir(join(root, "plugins"), { withFileTypes: true });
  return folders.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
}

/**
 * One executable file that runs from any folder, under any Node from 24 on. A plugin may await at its top level, which only a
 * module can, and a file without an extension is a module or not depending on the package.json that happens to lie above it. So
 * the bundle is made a plain function body that is valid as either: Node's own modules are asked for by function, and the
 * whole is wrapped in an async function.
 */
async function buildPlugin(name: string): Promise<void> {
  const folder = join(root, "plugins", name);
  const manifest: { main?: string } = JSON.parse(await readFile(join(folder, "package.json"), "utf8"));
  if (manifest.main === undefined) throw new Error(`plugins/${name}/package.json names no "main".`);
  const { outputFiles } = await build({
    ...common,
    stdin: { contents: `import ${JSON.stringify(resolve(folder, manifest.main))};`, resolveDir: folder, loader: "ts" },
    format: "esm",
    write: false,
    minifySyntax: true,
    minifyWhitespace: true,
    plugins: [builtinsByFunction, namedJson],
    define: { "import.meta.url": "__fileUrl", "import.meta.dirname": "__folder", "import.meta.filename": "__file" },
  });
  const [bundle] = outputFiles;
  if (bundle === undefined) throw new Error(`plugins/${name} gave no bundle.`);
  await writeExecutable(join(root, "bin/plugins", name), `#!/usr/bin/env node\n${asFunctionBody(bundle.text)}`);
}

function asFunctionBody(bundle: string): string {
  const left = /^(import|export)[\s{*]/m.exec(bundle);
  if (left !== null)
    throw new Error(`The bundle still has a statement of a module: ${bundle.slice(left.index, left.index + 80)}`);
  // A module that waits for ever on nothing exits with 13; a function would exit with 0, as if it had done its work.
  return `(async () => {
"use strict";
const __file = process.getBuiltinModule("node:fs").realpathSync(process.argv[1]);
const __folder = process.getBuiltinModule("node:path").dirname(__file);
const __fileUrl = process.getBuiltinModule("node:url").pathToFileURL(__file).href;
const require = process.getBuiltinModule("node:module").createRequire(__fileUrl);
const __unsettled = (code) => { if (code === 0) process.exitCode = 13; };
process.once("beforeExit", __unsettled);
${bundle}
process.off("beforeExit", __unsettled);
})();
`;
}

/** Appears whole: whoever runs the old one meanwhile keeps it. */
async function writeExecutable(path: string, content: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const temporary = join(dirname(path), `.${basename(path)}.tmp`);
  await writeFile(temporary, content, { mode: 0o755 });
  await chmod(temporary, 0o755);
  await rename(temporary, path);
  console.log(`${relative(root, path)}  ${(content.length / 1024).toFixed(0)} kB`);
}
