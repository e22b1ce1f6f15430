import { spawn } from "node:child_process";
import { once } from "node:events";
import { appendFile, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { bundlePlugin } from "../src/bundling.ts";

const sdk = resolve(import.meta.dirname, "../src/index.ts");
const input = JSON.stringify({ contract_version: "1", instance_name: "demo" });

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "sdk-process-"));
});
afterEach(() => rm(folder, { recursive: true }));

/** A plugin of one file, whose handlers are `body`. */
async function writePlugin(body: string): Promise<string> {
  const path = join(folder, "probe.ts");
  const head = `import { createPlugin } from ${JSON.stringify(sdk)};\nconst plugin = createPlugin({ name: "probe", version: "1" });\n`;
  await writeFile(path, `${head}${body}\nawait plugin.run();\n`);
  return path;
}

async function start(program: string, args: readonly string[], stdin: string) {
  const started = startWaiting(program, args);
  started.child.stdin.end(stdin);
  return started;
}

/** A command whose input has not come yet. */
function startWaiting(program: string, args: readonly string[]) {
  const child = spawn(program, args, { stdio: "pipe", env: { PATH: process.env.PATH } });
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (text) => {
    stdout += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text) => {
    stderr += text;
  });
  child.stdin.on("error", () => undefined);
  const end = once(child, "close").then(([exitCode]) => ({ exitCode: exitCode as number, stdout, stderr }));
  return { child, end };
}

const run = async (program: string, args: readonly string[], stdin = input) => (await start(program, args, stdin)).end;

it("keeps stdout for the contract, whatever a handler prints", async () => {
  const path = await writePlugin(
    `plugin.onDeploy((ctx) => { console.log("noise"); process.stdout.write("more noise\\n"); });`,
  );
  const { exitCode, stdout, stderr } = await run(process.execPath, [path, "deploy"]);
  expect(exitCode).toBe(0);
  expect(stdout).toBe('{"step":"complete","status":"done"}\n');
  expect(stderr).toBe("noise\nmore noise\n");
});

it("ends although a handler left something running", async () => {
  const path = await writePlugin(`plugin.onDeploy(() => { setInterval(() => {}, 1000); });`);
  expect(await run(process.execPath, [path, "deploy"])).toMatchObject({ exitCode: 0 });
});

it("writes a long answer whole", async () => {
  const path = await writePlugin(`plugin.onDescribe(() => ({ status: "x".repeat(3_000_000) }));`);
  const { stdout } = await run(process.execPath, [path, "describe"]);
  expect(JSON.parse(stdout)).toMatchObject({ status: "x".repeat(3_000_000) });
});

it("exits with 64 for an unknown command", async () => {
  const path = await writePlugin("");
  expect(await run(process.execPath, [path, "nonsense"])).toMatchObject({ exitCode: 64 });
});

it("does not run when another module imports it", async () => {
  await writePlugin("");
  const importer = join(folder, "importer.ts");
  await writeFile(
    importer,
    `await import("./probe.ts");\nconsole.log("imported", process.listenerCount("SIGTERM"));\n`,
  );
  expect(await run(process.execPath, [importer, "schema"])).toEqual({
    exitCode: 0,
    stdout: "imported 0\n",
    stderr: "",
  });
});

it("has all of its module ready when a handler is called", async () => {
  const path = await writePlugin("plugin.onDescribe(() => ({ status: below }));");
  await appendFile(path, `const below = "declared below run()";\n`);
  expect((await run(process.execPath, [path, "describe"])).stdout).toContain('"status":"declared below run()"');
});

it.each([
  ["deploy", { step: "deploy", status: "error", message: "nobody caught this" }],
  ["describe", { contract_version: "1", error: "nobody caught this" }],
])("turns what nobody caught into the failure of %s", async (command, failure) => {
  const path = await writePlugin(`
    const lose = () => { setTimeout(() => { throw new Error("nobody caught this"); }); return new Promise(() => {}); };
    plugin.onDeploy(lose);
    plugin.onDescribe(lose);`);
  const { exitCode, stdout } = await run(process.execPath, [path, command]);
  expect(exitCode).toBe(1);
  expect(JSON.parse(stdout)).toEqual(failure);
});

it("fails when a handler waits for what can no longer happen", async () => {
  const path = await writePlugin("plugin.onDeploy(() => new Promise(() => {}));");
  const { exitCode, stdout } = await run(process.execPath, [path, "deploy"]);
  expect(exitCode).toBe(1);
  expect(JSON.parse(stdout)).toMatchObject({
    status: "error",
    message: expect.stringContaining("can no longer happen"),
  });
});

it("runs through a symbolic link", async () => {
  const path = await writePlugin("");
  await symlink(path, join(folder, "link.ts"));
  const { stdout } = await run(process.execPath, [join(folder, "link.ts"), "schema"]);
  expect(stdout).toContain('"plugin_name":"probe"');
});

it("aborts the context's signal on SIGTERM, and lets the handler clean up", async () => {
  const path = await writePlugin(`
    plugin.onDeploy(async (ctx, progress) => {
      const aborted = new Promise((resolve) => ctx.signal.addEventListener("abort", resolve));
      const held = setInterval(() => {}, 1000);
      progress.step("waiting");
      await aborted;
      clearInterval(held);
      progress.fail("cleaned up");
    });`);
  const { child, end } = await start(process.execPath, [path, "deploy"], input);
  await once(child.stdout, "data");
  child.kill("SIGTERM");
  const { exitCode, stdout } = await end;
  expect(exitCode).toBe(1);
  expect(stdout).toContain('{"step":"waiting","status":"error","message":"cleaned up"}');
});

it("ends by itself after SIGTERM when the handler does not listen", async () => {
  const path = await writePlugin(`
    plugin.onDeploy((ctx, progress) => {
      progress.step("deaf");
      return new Promise(() => { setInterval(() => {}, 1000); });
    });`);
  const { child, end } = await start(process.execPath, [path, "deploy"], input);
  await once(child.stdout, "data");
  child.kill("SIGTERM");
  expect(await end).toMatchObject({ exitCode: 1 });
});

it("ends on SIGTERM while it still waits for its input", async () => {
  const path = await writePlugin(`console.error("loaded"); plugin.onDeploy(() => {});`);
  const { child, end } = startWaiting(process.execPath, [path, "deploy"]);
  await once(child.stderr, "data");
  child.kill("SIGTERM");
  expect(await end).toMatchObject({ exitCode: null, stdout: "" });
});

it("reads an input that comes piece by piece through a pipe that does not block", async () => {
  const path = await writePlugin(`
    import { readSync } from "node:fs";
    import { Socket } from "node:net";
    new Socket({ fd: 0, readable: false });
    try { readSync(0, Buffer.alloc(1)); } catch (error) { console.error(error.code); }
    plugin.onDescribe((ctx) => ({ status: ctx.instance.name }));`);
  const { child, end } = startWaiting(process.execPath, [path, "describe"]);
  await once(child.stderr, "data");
  child.stdin.write(input.slice(0, 20));
  child.stdin.end(input.slice(20));
  const { stdout, stderr } = await end;
  expect(stderr).toBe("EAGAIN\n");
  expect(JSON.parse(stdout)).toMatchObject({ status: "demo" });
});

it.each(["module", "commonjs", undefined])("runs as one file below a package of type %s", async (type) => {
  await writePlugin(`plugin.onDescribe((ctx) => ({ status: typeof ctx.dockerClient().listContainers }));`);
  await writeFile(join(folder, "package.json"), JSON.stringify({ name: "probe", main: "probe.ts" }));
  const outfile = join(folder, "bin", "probe");
  await bundlePlugin(folder, outfile);
  if (type !== undefined) await writeFile(join(folder, "bin/package.json"), JSON.stringify({ type }));
  const { exitCode, stdout } = await run(
    outfile,
    ["describe"],
    '{"contract_version":"1","instance_name":"a","instance":{"socket":"/x"}}',
  );
  expect(exitCode).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ status: "function" });
});

it.each([
  ["before it is run", 'throw new Error("no such mirror");'],
  ["by what it awaits", 'await Promise.reject(new Error("no such mirror"));'],
  [
    "by a default of another type",
    'createPlugin({ name: "x", version: "1", configOptions: [{ name: "no such mirror", type: "int", default: "1" }] });',
  ],
])("tells in its words, and not in the bundle's, why a module fails %s", async (_, body) => {
  await writePlugin(body);
  await writeFile(join(folder, "package.json"), JSON.stringify({ name: "probe", main: "probe.ts" }));
  const outfile = join(folder, "bin", "probe");
  await bundlePlugin(folder, outfile);
  const { exitCode, stdout, stderr } = await run(outfile, ["schema"], "");
  expect(exitCode).toBe(1);
  expect(JSON.parse(stdout)).toMatchObject({
    contract_version: "1",
    error: expect.stringMatching(/^The plugin cannot be loaded: .*no such mirror/),
  });
  expect(stderr).toMatch(/Error: .*no such mirror/);
  expect(stderr).not.toContain("createPlugin({");
});
