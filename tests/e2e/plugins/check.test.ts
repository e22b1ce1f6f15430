import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { constants, existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";
import type { CheckReport } from "@dockersnap/contract/words";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { cli, shell } from "../../support/cli.ts";
import { repository } from "../../support/repository.ts";
import { cleanEnvironment, World } from "../../support/world.ts";

let world: World;

beforeAll(async () => {
  world = await World.start();
});
afterAll(() => world?.end());

const executables = (folder: string, path: (name: string) => string) =>
  readdirSync(join(repository, folder)).map((name) => ({ name, path: join(repository, folder, path(name)) }));

const examples = executables("examples", (name) => `${name}/${name}`);
const ours = [...executables("bin/plugins", (name) => name), ...examples.filter(({ path }) => existsSync(path))];

/** Broken rules, with what was seen. */
async function check(daemon: string, path: string, ...words: string[]) {
  // What a plugin looks for on this host before anything is created.
  const programs = join(world.dir, "programs");
  mkdirSync(programs, { recursive: true });
  for (const name of ["kind", "kubectl"]) {
    const script = `#!/bin/sh\ncase "$1" in version) echo v0.27.0 ;; *) echo "no cluster here" >&2; exit 1 ;; esac\n`;
    writeFileSync(join(programs, name), script, { mode: 0o755 });
  }
  const quoted = [path, ...words].map((word) => `'${word}'`).join(" ");
  const { code, stdout, stderr } = await shell(
    world,
    `export PATH="${programs}:$PATH" DOCKERSNAP_REMOTE=${daemon}; dockersnap plugin check ${quoted} -o json`,
  );
  expect(stderr).toBe("");
  const report = JSON.parse(stdout) as CheckReport;
  return { code, report, broken: report.results.filter(({ outcome }) => outcome === "failed") };
}

it("knows every plugin and example there is", () => {
  expect(ours.map(({ name }) => name)).toEqual(expect.arrayContaining(["echo", "plugin-bash", "plugin-python"]));
  const plugins = readdirSync(join(repository, "plugins"), { withFileTypes: true });
  const built = readdirSync(join(repository, "bin/plugins"));
  expect(built).toEqual(expect.arrayContaining(plugins.filter((each) => each.isDirectory()).map(({ name }) => name)));
  // It is built by whoever begins with it, and checked where that is tried.
  expect(examples.filter(({ path }) => !existsSync(path)).map(({ name }) => name)).toEqual(["plugin-typescript"]);
});

const nowhere = "http://127.0.0.1:1";

it.each(ours.filter(({ name }) => name !== "echo"))(
  "finds no rule that $name breaks, without a daemon",
  async ({ path }) => {
    const { code, report, broken } = await check(nowhere, path);
    expect(broken).toEqual([]);
    expect(report.holds).toBe(true);
    expect(code).toBe(0);
  },
);

it("finds no rule that echo breaks in a whole life on a running instance", async () => {
  const name = world.name("check");
  await world.client.instances.create({ name });
  const path = join(repository, "bin/plugins/echo");
  const { code, report, broken } = await check(world.url, path, "--instance", name, "--config", "text=checked");
  expect(broken).toEqual([]);
  const engine = report.results.filter(({ rule }) => rule.startsWith("engine/"));
  expect(engine.map(({ rule, outcome }) => `${rule} ${outcome}`)).toEqual([
    "engine/deploy ok",
    "engine/restart-policy ok",
    "engine/health ok",
    "engine/describe ok",
    "engine/access ok",
    "engine/teardown ok",
  ]);
  expect(code).toBe(0);
});

it("names a file that is not there", async () => {
  const { code, stderr } = await cli(world, "plugin", "check", join(world.dir, "nothing"));
  expect(code).toBe(3);
  expect(stderr).toMatch(/^error: There is no file '.*nothing' to check\.\n$/);
});

describe("whoever stops waiting", () => {
  it.each([
    ["interrupts it", "SIGINT", 130],
    ["is killed", "SIGKILL", null],
  ] as const)("takes the plugin along: who %s", async (_, signal, exitCode) => {
    const pipe = join(world.dir, `pipe-${signal}`);
    execFileSync("mkfifo", [pipe]);
    const plugin = join(world.dir, `waits-${signal.toLowerCase()}`);
    writeFileSync(plugin, `#!/bin/bash\nexec 3> '${pipe}'\necho up >&3\nsleep 600\n`, { mode: 0o755 });
    const child = spawn(join(repository, "bin/dockersnap"), ["plugin", "check", plugin], {
      stdio: "ignore",
      env: cleanEnvironment(),
    });
    const ended = once(child, "exit");
    // Opening it waits for the plugin, and its end comes when every process of the plugin is gone.
    await using reader = await open(pipe, constants.O_RDONLY);
    let said = "";
    for await (const chunk of reader.createReadStream({ encoding: "utf8", autoClose: false })) {
      said += chunk;
      child.kill(signal);
    }
    expect(said).toBe("up\n");
    expect((await ended)[0]).toBe(exitCode);
  });
});
