import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { bundlePlugin } from "../src/bundling.ts";

const repository = resolve(import.meta.dirname, "../../..");
const folder = mkdtempSync(join(tmpdir(), "bundling-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** Run with a Node that passes for `version`. */
function runOn(version: string, executable: string) {
  const disguise = join(folder, `as-${version}.cjs`);
  const lacks = Number(version.split(".")[0]) < 20 ? "process.getBuiltinModule = undefined;" : "";
  writeFileSync(
    disguise,
    `${lacks}
Object.defineProperty(process, "version", { value: "v${version}" });
Object.defineProperty(process, "versions", { value: { ...process.versions, node: "${version}" } });
// What came after Node 20.
delete Promise.withResolvers;
delete Promise.try;
delete Map.groupBy;
delete Object.groupBy;
delete Array.fromAsync;
`,
  );
  const { status, stdout, stderr } = spawnSync(process.execPath, ["--require", disguise, executable, "schema"], {
    encoding: "utf8",
  });
  return { status, stdout: JSON.parse(stdout) as unknown, stderr };
}

async function bundleOf(name: string, engines: object): Promise<string> {
  const source = join(folder, `source-${name}`);
  mkdirSync(join(source, "node_modules/@dockersnap"), { recursive: true });
  symlinkSync(join(repository, "packages/plugin-sdk"), join(source, "node_modules/@dockersnap/plugin-sdk"));
  writeFileSync(join(source, "package.json"), JSON.stringify({ name, type: "module", main: "plugin.ts", ...engines }));
  writeFileSync(
    join(source, "plugin.ts"),
    `import { createPlugin } from "@dockersnap/plugin-sdk";
const plugin = createPlugin({ name: "${name}", version: "1" });
await plugin.run();
`,
  );
  const executable = join(folder, name);
  await bundlePlugin(source, executable);
  return executable;
}

describe("a bundled plugin", () => {
  let usual: string;
  let demanding: string;
  beforeAll(async () => {
    usual = await bundleOf("usual", {});
    demanding = await bundleOf("demanding", { engines: { node: ">=22" } });
  });

  it("runs on Node 20", () => {
    expect(runOn("20.16.0", usual)).toMatchObject({ status: 0, stdout: { plugin_name: "usual" } });
  });

  it("says on an older Node which one it needs, to the daemon and to people", () => {
    const words = "This plugin needs Node 20.16 or newer; the first 'node' in PATH is v18.20.0.";
    expect(runOn("18.20.0", usual)).toEqual({
      status: 1,
      stdout: { contract_version: "1", error: words },
      stderr: `${words}\n`,
    });
  });

  it("needs the Node that its package names under engines", () => {
    expect(runOn("20.16.0", demanding)).toMatchObject({
      status: 1,
      stdout: { error: "This plugin needs Node 22 or newer; the first 'node' in PATH is v20.16.0." },
    });
    expect(runOn("22.1.0", demanding)).toMatchObject({ status: 0, stdout: { plugin_name: "demanding" } });
  });
});

describe.each(["echo", "compose", "kind"])("the plugin %s", (name) => {
  it("runs on Node 20", async () => {
    const executable = join(folder, `shipped-${name}`);
    await bundlePlugin(join(repository, "plugins", name), executable);
    expect(runOn("20.16.0", executable)).toMatchObject({ status: 0, stdout: { plugin_name: name } });
  });
});
