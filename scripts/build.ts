import { chmod, copyFile, mkdir, readdir, rename, rm, stat, writeFile } from "node:fs/promises";
import { basename, dirname, join, relative, resolve } from "node:path";
import { bundlePlugin } from "@dockersnap/plugin-sdk/bundling";
import { type BuildOptions, build, type Plugin } from "esbuild";
import { buildPluginSdk } from "./plugin-sdk.ts";

/**
 * Bundles what is run: `node scripts/build.ts [cli] [daemon] [plugin-check] [dashboard] [sdk] [plugins] [plugins/<name>…]`, everything without a word.
 *
 *   cli            dist/cli/, and bin/dockersnap that starts it with the project's own Node
 *   daemon         dist/daemon/main.mjs, and tree-worker.mjs that it starts threads with
 *   plugin-check   dist/plugin-check/main.mjs, for `dockersnap plugin check`
 *   dashboard      dist/dashboard/, as the daemon serves it
 *   sdk            dist/plugin-sdk/, what `dockersnap plugin new` and its projects work with
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

const targets = process.argv.slice(2);
const unknown = targets.filter(
  (word) => !/^(cli|daemon|plugin-check|dashboard|sdk|plugins(\/[a-z][a-z0-9-]*)?)$/.test(word),
);
if (unknown.length > 0)
  throw new Error(
    `Not a target: ${unknown.join(", ")}. There are cli, daemon, plugin-check, dashboard, sdk, plugins, plugins/<name>.`,
  );
const wants = (target: string) => targets.length === 0 || targets.includes(target);

if (wants("cli")) await buildCli();
if (wants("daemon")) {
  await buildProgram("daemon/main", "packages/daemon/src/main.ts");
  await buildProgram("daemon/tree-worker", "packages/host/src/trees/worker.ts");
}
if (wants("plugin-check")) await buildProgram("plugin-check/main", "packages/plugin-check/src/main.ts");
if (wants("dashboard")) await buildDashboard();
if (wants("sdk")) await buildPluginSdk(root, join(root, "dist/plugin-sdk"), common);
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

/** A program that the command line starts, or a thread of one. */
async function buildProgram(name: string, source: string): Promise<void> {
  await build({
    ...common,
    entryPoints: [join(root, source)],
    outfile: join(root, "dist", `${name}.mjs`),
    format: "esm",
    sourcemap: "linked",
    // Bundled CommonJS libraries ask for Node's own modules with require.
    banner: {
      js: 'import { createRequire as __createRequire } from "node:module";\nconst require = __createRequire(import.meta.url);',
    },
  });
}

async function buildDashboard(): Promise<void> {
  const source = join(root, "packages/dashboard");
  const outdir = join(root, "dist/dashboard");
  await rm(outdir, { recursive: true, force: true });
  await build({
    bundle: true,
    platform: "browser",
    target: "es2022",
    format: "esm",
    minify: true,
    logLevel: "warning",
    legalComments: "none",
    absWorkingDir: root,
    entryPoints: [join(source, "src/main.ts"), join(source, "public/style.css")],
    entryNames: "[name]",
    outdir: join(outdir, "assets"),
  });
  await copyFile(join(source, "public/icon.svg"), join(outdir, "assets/icon.svg"));
  await copyFile(join(source, "public/index.html"), join(outdir, "index.html"));
}

async function pluginNames(): Promise<string[]> {
  const folders = await readdir(join(root, "plugins"), { withFileTypes: true });
  return folders.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
}

async function buildPlugin(name: string): Promise<void> {
  const outfile = join(root, "bin/plugins", name);
  await bundlePlugin(join(root, "plugins", name), outfile);
  console.log(`${relative(root, outfile)}  ${((await stat(outfile)).size / 1024).toFixed(0)} kB`);
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
