import { cruise } from "dependency-cruiser";

/**
 * Who may import whom, as CONTRIBUTING.md draws it. Keys are folders; values the other folders of the workspace they may
 * reach. Anything not listed is refused.
 */
const allowed: Record<string, readonly string[]> = {
  "packages/contract": [],
  "packages/core": ["packages/contract"],
  "packages/host": ["packages/contract", "packages/core"],
  "packages/daemon": ["packages/contract", "packages/core", "packages/host"],
  "packages/plugin-check": ["packages/contract", "packages/core", "packages/host"],
  "packages/client": ["packages/contract"],
  "packages/cli": ["packages/contract", "packages/client"],
  "packages/dashboard": ["packages/contract", "packages/client"],
  "packages/plugin-sdk": ["packages/contract"],
  plugins: ["packages/plugin-sdk"],
  examples: ["packages/plugin-sdk"],
};

/** Adapters in `host` know nothing of each other; only `process` is shared, and `index.ts` lists them. */
const hostFolder = /^packages\/host\/src\/([^/]+)\//;

/** Fakes and promises: the tests and one another are all that may reach them. */
const isTesting = (path: string) => /(^|\/)testing\//.test(path);

/** The core is rules: whatever touches the machine is behind one of its interfaces. */
const coreForbidden = /^(node:)?(fs|child_process|net|http|https|os|dgram|worker_threads|process)(\/|$)/;

const place = (path: string) => Object.keys(allowed).find((folder) => path.startsWith(`${folder}/`));

const { output } = await cruise(["packages", "plugins", "examples"], {
  doNotFollow: { path: "node_modules" },
  exclude: { path: "(^|/)(node_modules|dist|test)/" },
  tsPreCompilationDeps: true,
  tsConfig: { fileName: "tsconfig.json" },
  enhancedResolveOptions: {
    exportsFields: ["exports"],
    conditionNames: ["import", "node"],
    extensions: [".ts", ".js"],
  },
});
if (typeof output === "string") throw new Error("The module graph came back as text.");

const problems: string[] = [];
for (const module of output.modules) {
  const from = place(module.source);
  if (from === undefined) continue;
  for (const dependency of module.dependencies) {
    const target = dependency.resolved;
    const where = `${module.source} imports ${target}`;
    if (dependency.circular) problems.push(`${where}: a circle`);
    if (from === "packages/core" && coreForbidden.test(dependency.module)) {
      problems.push(`${where}: the core touches no machine`);
    }
    if (isTesting(target) && !isTesting(module.source)) problems.push(`${where}: only tests use fakes and promises`);
    const to = place(target);
    if (to !== undefined && to !== from && !allowed[from]?.includes(to)) {
      problems.push(`${where}: ${from} may not know ${to}`);
    }
    const [, ours] = hostFolder.exec(module.source) ?? [];
    const [, theirs] = hostFolder.exec(target) ?? [];
    if (ours !== undefined && theirs !== undefined && ours !== theirs && theirs !== "process") {
      problems.push(`${where}: adapters share only process/`);
    }
  }
}

const seen = output.modules.filter((module) => place(module.source) !== undefined).length;
// dependency-cruiser reports an empty graph, not a failure, when it cannot load its compiler.
if (seen < 20) throw new Error(`Only ${seen} modules were seen; the check did not run.`);
for (const problem of problems) console.error(problem);
console.log(`${seen} modules, ${problems.length} forbidden imports`);
process.exitCode = problems.length === 0 ? 0 : 1;
