import { cpSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { buffer } from "node:stream/consumers";
import { afterAll, beforeAll, expect, it } from "vitest";
import { busyboxArchive } from "../../plugins/echo/busybox.ts";
import { shellBlocksOf, writeFilesOf } from "../../plugins/echo/test/page.ts";
import { type CliResult, shell } from "../support/cli.ts";
import { Registry } from "../support/registry.ts";
import { repository } from "../support/repository.ts";
import { World } from "../support/world.ts";

const page = readFileSync(join(repository, "docs/tutorial-plugin.md"), "utf8");
const testingPage = readFileSync(join(repository, "docs/how-to/test-a-plugin.md"), "utf8");

/** What a reader has: a checkout that was built, with the files of the page written into it. */
let checkout: string;
let world: World;
let registry: Registry;
let demo: string;

beforeAll(async () => {
  const files = await busyboxArchive();
  if (files === undefined) throw new Error("This host has no static busybox; install busybox-static.");
  registry = await Registry.start(await buffer(files), { Entrypoint: ["/http-echo"] });
  world = await World.prepare();
  world.writeConfig({ docker: { dns: ["127.0.0.1"], binary: dockerdWithMirror() } });
  await world.startDaemon();
  demo = world.name("demo");
  checkout = makeCheckout();
  writeReadersPrograms();
});
afterAll(async () => {
  await world?.end();
  await registry?.[Symbol.asyncDispose]();
});

/** The page pulls from Docker Hub; here the host an instance is on stands in for it. */
function dockerdWithMirror(): string {
  const path = join(world.dir, "dockerd");
  const script = `#!/bin/sh
host=$(ip route show default | cut -d ' ' -f 3)
exec dockerd --registry-mirror="http://$host:${registry.port}" "$@"
`;
  writeFileSync(path, script, { mode: 0o755 });
  return path;
}

function makeCheckout(): string {
  const folder = join(world.dir, "checkout");
  const isMade = (path: string) => ["node_modules", "dist", "bin"].includes(basename(path));
  for (const part of ["package.json", "tsconfig.json", "vitest.config.ts", "scripts", "packages", "plugins"]) {
    cpSync(join(repository, part), join(folder, part), { recursive: true, filter: (path) => !isMade(path) });
  }
  symlinkSync(join(repository, "node_modules"), join(folder, "node_modules"));
  writeFilesOf(page, folder);
  return folder;
}

/** Root needs no sudo, and plugins belong to this world's daemon. */
function writeReadersPrograms(): void {
  const folder = join(world.dir, "bin");
  mkdirSync(folder);
  const programs = {
    sudo: 'exec "$@"',
    dockersnap: `case "$1 $2" in
  "plugin install") exec '${repository}/bin/dockersnap' "$@" --dir '${world.pluginsDir}' ;;
  *) exec '${repository}/bin/dockersnap' "$@" ;;
esac`,
  };
  for (const [name, body] of Object.entries(programs)) {
    writeFileSync(join(folder, name), `#!/bin/sh\n${body}\n`, { mode: 0o755 });
  }
}

const readAsReader = (script: string): Promise<CliResult> =>
  shell(world, `export PATH="${join(world.dir, "bin")}:$PATH" VITEST=; cd '${checkout}'; ${script}`);

const blocks = shellBlocksOf(page);

/** The one block that has these words. */
function blockWith(words: string): string {
  const found = blocks.filter(({ text }) => text.includes(words));
  expect(found).toHaveLength(1);
  return found[0]?.text ?? "";
}

it("has the plugin's own tests pass", async () => {
  const { code, stdout, stderr } = await readAsReader(blockWith("npx vitest"));
  expect(code, stdout + stderr).toBe(0);
  expect(stdout).toMatch(/2 passed/);
});

it("builds the plugin into one file, which answers by hand as the page shows", async () => {
  const { code, stdout, stderr } = await readAsReader(blockWith("plugins:build"));
  expect(code, stdout + stderr).toBe(0);
  expect(readdirSync(join(checkout, "bin/plugins"))).toContain("my-echo");
  const [shown = [], ...more] = blocks
    .filter(({ language }) => language === "console")
    .map(({ text }) => text.split("\n"));
  expect(more).toEqual([]);
  const commands = shown.filter((line) => line.startsWith("$ "));
  expect(commands).toHaveLength(2);
  for (const line of commands) {
    // `<<<` is bash's.
    const answer = await readAsReader(`bash -c '${line.slice(2).replaceAll("'", "'\\''")}'`);
    expect(answer.stdout).toBe(`${shown[shown.indexOf(line) + 1]}\n`);
  }
});

it("ends in an instance that is found through $ECHO_URL and says what it was told to", async () => {
  const script = blockWith("echo $ECHO_URL").replaceAll("demo", demo);
  const { stdout, stderr } = await readAsReader(`${script}\ncurl --silent --retry 5 --retry-connrefused $ECHO_URL`);
  expect(stderr).not.toContain("error:");
  const [url = "", said] = stdout.trim().split("\n").slice(-2);
  expect({ host: new URL(url).hostname, said }).toEqual({ host: world.address, said: "hi" });
  expect(await world.client.instances.workload(demo)).toMatchObject({ workload_plugin: "my-echo" });
});

it("has the workload come along through a snapshot, a clone and a revert", async () => {
  const copy = world.name("copy");
  const { stdout, stderr } = await readAsReader(`
    dockersnap -q snapshot ${demo} base && dockersnap -q clone ${demo}@base ${copy} && dockersnap -q revert ${demo} base || exit
    for name in ${demo} ${copy}; do
      eval $(dockersnap use $name); curl --silent --retry 5 --retry-connrefused $ECHO_URL
    done`);
  expect(stdout.trim().split("\n").slice(-2), stderr).toEqual(["hi", "hi"]);
});

it("is tested on the executable and on instances as the page about tests has it", async () => {
  const [check = "", ...onInstances] = shellBlocksOf(testingPage).map(({ text }) => text);
  const inWorld = (text: string) =>
    text.replaceAll(/\b(try|demo|copy)\b/g, (word) => world.name(`tested-${word}`)).replaceAll("\n", " || exit\n");
  expect(await readAsReader(inWorld(check))).toMatchObject({ code: 0, stderr: "" });
  for (const block of onInstances) {
    const { code, stdout, stderr } = await readAsReader(`${inWorld(block)}`);
    expect(code, stdout + stderr).toBe(0);
  }
  expect(onInstances).toHaveLength(2);
});

it("has no block that nobody runs", () => {
  const run = ["npx vitest", "plugins:build", "bin/plugins/my-echo access", "echo $ECHO_URL"];
  expect(blocks.filter(({ text }) => !run.some((words) => text.includes(words)))).toEqual([]);
});
