import { chmod, mkdir, readFile, rename } from "node:fs/promises";
import { builtinModules } from "node:module";
import { basename, dirname, join, resolve } from "node:path";
import { type BuildOptions, build, type Plugin } from "esbuild";
import { withoutRemoteDocker } from "./docker/without-remote.ts";

interface BundleFiles {
  /** The module that calls `plugin.run()`. */
  readonly entry: string;
  /** The executable to write, without an extension. */
  readonly outfile: string;
}

/**
 * Builds the plugin in `folder` into one executable file that needs Node and nothing else, and runs from any folder. The
 * entry is what the folder's `package.json` names as `main`. An existing `outfile` is replaced at once, so that a plugin that
 * runs is not disturbed.
 */
export async function bundlePlugin(folder: string, outfile: string): Promise<void> {
  const manifest = join(folder, "package.json");
  const { main, engines } = JSON.parse(await readFile(manifest, "utf8")) as { main?: unknown; engines?: unknown };
  if (typeof main !== "string") throw new Error(`${manifest} names no "main", the module that calls plugin.run().`);
  await mkdir(dirname(outfile), { recursive: true });
  const unfinished = join(dirname(outfile), `.${basename(outfile)}.new`);
  await build(pluginBuildOptions({ entry: resolve(folder, main), outfile: unfinished }, oldestNode(engines)));
  await chmod(unfinished, 0o755);
  await rename(unfinished, outfile);
}

/** The SDK itself needs nothing newer. */
const oldestOfSdk = 20;

/** The oldest Node the plugin runs on: what `engines.node` of its package says, such as `>=22`. */
function oldestNode(engines: unknown): number {
  const node = typeof engines === "object" && engines !== null && "node" in engines ? engines.node : undefined;
  const [, major] = /^>=\s*(\d+)/.exec(String(node)) ?? [];
  return Math.max(oldestOfSdk, Number(major ?? oldestOfSdk));
}

/** What is written with these is not yet executable. */
function pluginBuildOptions({ entry, outfile }: BundleFiles, node: number): BuildOptions {
  return {
    stdin: { contents: `import ${JSON.stringify(entry)};`, resolveDir: resolve(entry, ".."), loader: "js" },
    outfile,
    bundle: true,
    platform: "node",
    target: `node${node}`,
    format: "esm",
    minifySyntax: true,
    minifyWhitespace: true,
    legalComments: "none",
    logLevel: "warning",
    banner: { js: prologue(node) },
    footer: { js: epilogue },
    define: { "import.meta.url": "__url", "import.meta.filename": "__filename", "import.meta.dirname": "__dirname" },
    // A copy of Node's own streams for older versions of Node, and half of what would be left to parse at each start.
    alias: { "readable-stream": "node:stream" },
    plugins: [builtins, lazyDockerode, withoutRemoteDocker, namedJson],
  };
}

/**
 * The bundle is one async function, so that `await` at the top level works in a file that Node reads as a script or as a
 * module alike: an executable has no extension, and which of the two it is depends on the folder it is copied to.
 */
const prologue = (oldest: number) => `#!/usr/bin/env node
(async () => {
"use strict";
if (!process.getBuiltinModule || Number(process.versions.node.split(".")[0]) < ${oldest}) {
  const words = "This plugin needs Node ${oldest === oldestOfSdk ? "20.16" : oldest} or newer; the first 'node' in PATH is " + process.version + ".";
  process.stderr.write(words + "\\n");
  process.stdout.write(JSON.stringify({ contract_version: "1", error: words }) + "\\n");
  process.exitCode = 1;
  return;
}
const require = (id) => {
  const module = process.getBuiltinModule(id);
  if (module === undefined) throw Object.assign(new Error("Not in this bundle: " + id), { code: "MODULE_NOT_FOUND" });
  return module;
};
const __filename = require("node:fs").realpathSync(process.argv[1]);
const __dirname = require("node:path").dirname(__filename);
const __url = require("node:url").pathToFileURL(__filename).href;
const __unsettled = (code) => { if (code === 0) process.exitCode = 13; };
process.once("beforeExit", __unsettled);`;

/**
 * A module that waits for ever on nothing ends with 13; a function would end with 0, as if it had done its work. What a module
 * throws Node shows with the line it is on, and a line of a bundle is most of the plugin: only its words are told instead.
 */
const epilogue = `process.off("beforeExit", __unsettled);
})().catch((error) => {
  const { writeSync } = process.getBuiltinModule("node:fs");
  const words = error instanceof Error ? error.message : String(error);
  const envelope = { contract_version: "1", error: "The plugin cannot be loaded: " + words };
  writeSync(2, (error instanceof Error ? error.stack : words) + "\\n");
  writeSync(1, JSON.stringify(envelope) + "\\n");
  process.exit(1);
});`;

const builtinPattern = new RegExp(`^(node:.+|${builtinModules.join("|")})$`);

/** Turns imports of Node's own modules into `require`, since an import statement cannot stand inside a function. */
const builtins: Plugin = {
  name: "builtins",
  setup(build) {
    build.onResolve({ filter: builtinPattern }, ({ path, kind }) =>
      kind === "require-call" || kind === "require-resolve"
        ? { path, external: true }
        : { path, namespace: "builtin", sideEffects: false },
    );
    build.onLoad({ filter: /.*/, namespace: "builtin" }, ({ path }) => ({
      contents: `module.exports = require(${JSON.stringify(path)});`,
      loader: "js",
    }));
  },
};

const lazyDockerode: Plugin = {
  name: "lazy-dockerode",
  setup(build) {
    build.onLoad({ filter: /[\\/]docker[\\/]load\.[jt]s$/ }, ({ path }) => {
      // Sources here, JavaScript where dockersnap is installed.
      if (dirname(path) !== resolve(import.meta.dirname, "docker")) return undefined;
      return {
        contents: `export const loadDockerode = () => require("dockerode");`,
        resolveDir: resolve(path, ".."),
        loader: "js",
      };
    });
  },
};

/** `import { version } from "./package.json" with { type: "json" }`: one export for each key that is an identifier. */
const namedJson: Plugin = {
  name: "named-json",
  setup(build) {
    build.onLoad({ filter: /\.json$/, namespace: "file" }, async ({ path, with: attributes }) => {
      if (attributes.type !== "json") return undefined;
      const document: unknown = JSON.parse(await readFile(path, "utf8"));
      const isObject = typeof document === "object" && document !== null && !Array.isArray(document);
      const named = Object.entries(isObject ? document : {})
        .filter(([key]) => key !== "default" && /^[A-Za-z_$][\w$]*$/.test(key))
        .map(([key, value], index) => `const $${index} = ${JSON.stringify(value)}; export { $${index} as ${key} };`);
      return { contents: [`export default ${JSON.stringify(document)};`, ...named].join("\n"), loader: "js" };
    });
  },
};
