import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type CliResult, cli, shell } from "../support/cli.ts";
import { writeImageArchive } from "../support/image-archive.ts";
import { hostPortOf } from "../support/instance.ts";
import { repository } from "../support/repository.ts";
import { World } from "../support/world.ts";

const languages = ["typescript", "bash", "python"] as const;
type Language = (typeof languages)[number];

let world: World;
let projects: string;
let archive: string;
/** Another world beside this one may have the plugins' own on the same host. */
let port: number;

beforeAll(async () => {
  world = await World.start();
  port = 20_000 + (Number.parseInt(world.id, 16) % 10_000);
  projects = join(world.dir, "projects");
  mkdirSync(projects);
  archive = join(world.dir, "busybox.tar");
  await writeImageArchive(archive, "busybox:latest");
  for (const language of languages) {
    await ok("plugin", "new", nameOf(language), "--lang", language, "--dir", projectOf(language));
  }
  await within(projectOf("typescript"), "npm run build");
  for (const language of languages) await ok("plugin", "install", executableOf(language), "--dir", world.pluginsDir);
  await ok("plugin", "reload");
  for (const language of languages) {
    const config = [`archive=${archive}`, `text=${text}`, `port=${port}`].flatMap((pair) => ["--config", pair]);
    await ok("create", world.name(language), "--plugin", nameOf(language), ...config);
  }
});
afterAll(() => world?.end());

const text = 'it\'s $(id) "here"';
const nameOf = (language: Language) => `my-${language}`;
const projectOf = (language: Language) => join(projects, nameOf(language));
const executableOf = (language: Language) =>
  join(projectOf(language), language === "typescript" ? "bin" : "", nameOf(language));

/** Commands in a project's folder, where no package registry can be reached. */
async function within(project: string, script: string): Promise<CliResult> {
  const offline = "export npm_config_registry=http://127.0.0.1:1 npm_config_update_notifier=false";
  const result = await shell(world, `${offline}; cd '${project}' && ${script}`);
  expect(result, `${script}: ${result.stdout}${result.stderr}`).toMatchObject({ code: 0 });
  return result;
}

async function ok(...args: string[]): Promise<CliResult> {
  const result = await cli(world, ...args);
  expect(result, `dockersnap ${args.join(" ")}: ${result.stderr}`).toMatchObject({ code: 0 });
  return result;
}

/** What a page says, or why there is none. */
async function fetched(url: string): Promise<string> {
  try {
    return await (await fetch(url, { signal: AbortSignal.timeout(10_000) })).text();
  } catch (error) {
    return String(error);
  }
}

/** The server of a container that has just started may not listen yet. */
const says = (url: string) => expect.poll(() => fetched(url), { timeout: 60_000 });

const healthOf = (instance: string) => world.client.instances.workloadHealth(instance, { fresh: true });

describe.each(languages)("a new plugin in %s", (language) => {
  it("is one file that runs from anywhere", () => {
    const elsewhere = join(world.dir, `elsewhere-${language}`);
    mkdirSync(elsewhere);
    const executable = join(elsewhere, nameOf(language));
    cpSync(executableOf(language), executable);
    // The daemon puts its own Node first in the PATH of plugins, too.
    const env = { PATH: `${dirname(process.execPath)}:/usr/local/bin:/usr/bin:/bin` };
    const schema = execFileSync(executable, ["schema"], { cwd: elsewhere, env, encoding: "utf8" });
    expect(JSON.parse(schema)).toMatchObject({ plugin_name: nameOf(language), contract_version: "1" });
  });

  it("is reached on its instance, and is well and described there", async () => {
    const instance = world.name(language);
    const { stdout } = await shell(world, `eval "$(dockersnap use ${instance})"; echo "$PAGE_URL"`);
    await says(stdout.trim()).toBe(`${text}\n`);
    expect(await healthOf(instance)).toMatchObject({ healthy: true });
    expect(await world.client.instances.workload(instance)).toMatchObject({
      workload_type: nameOf(language),
      status: "running",
    });
  });

  it("refuses a port that is none in its own words", async () => {
    const args = ["--plugin", nameOf(language), "--config", "port=0"];
    const { code, stderr } = await cli(world, "create", world.name("refused"), ...args);
    expect(code).toBe(1);
    expect(stderr).toContain("'port' is a number from 1 to 65535");
  });
});

describe.each(["bash", "python"])("the plugin in %s", (language) => {
  const pageOf = async (name: string, path: string) =>
    `http://${world.address}:${await hostPortOf(world, name, port)}${path}`;
  const write = (name: string, words: string) =>
    ok("docker", name, "--", "exec", "page", "sh", "-c", `echo ${words} > /www/note`);

  it("comes back from a snapshot as it was, and tells a clone its own name", async () => {
    const name = world.name(language);
    const copy = world.name(`${language}2`);
    await write(name, "precious");
    await ok("snapshot", name, "golden");
    await write(name, "spoiled");
    await ok("revert", name, "golden");
    await ok("clone", `${name}@golden`, copy);
    for (const instance of [name, copy]) {
      await says(await pageOf(instance, "/note")).toBe("precious\n");
      await says(await pageOf(instance, "/instance")).toBe(`${instance}\n`);
      expect(await healthOf(instance)).toMatchObject({ healthy: true });
    }
  });
});

describe("the how-to page", () => {
  const page = readFileSync(join(repository, "docs/how-to/from-a-script-to-a-plugin.md"), "utf8");

  it("has a plugin that works, and refusals that are said so", async () => {
    const [, script = ""] = /^```bash title="page"\n(.*?)^```$/ms.exec(page) ?? [];
    writeFileSync(join(world.dir, "page"), script, { mode: 0o755 });
    await ok("plugin", "install", join(world.dir, "page"), "--dir", world.pluginsDir);
    await ok("plugin", "reload");
    const instance = world.name("page");
    const refused = [...page.matchAll(/^\$ dockersnap create demo --plugin page(.*)\n(error: .*)$/gm)];
    expect(refused).toHaveLength(2);
    for (const [, words = "", said] of refused) {
      const { stderr } = await shell(world, `dockersnap create ${instance} --plugin page${inWorld(words)}`);
      expect(stderr.trim()).toBe(said);
    }
    const [, words = ""] = /^\$ dockersnap create demo --plugin page(.*)\nCreated demo/m.exec(page) ?? [];
    await shell(world, `dockersnap create ${instance} --plugin page${inWorld(words)}`);
    const { target_ip } = await world.client.instances.ports(instance);
    await says(`http://${target_ip}:8080`).toBe("it's here\n");
  });

  const inWorld = (words: string) => words.replace("/srv/busybox.tar", archive);
});

describe("a project in TypeScript", () => {
  /** Another checkout of the project, without what is made from it. */
  function checkout(name: string): string {
    const folder = join(world.dir, name);
    const isMade = (path: string) => ["node_modules", "bin"].includes(basename(path));
    cpSync(projectOf("typescript"), folder, { recursive: true, filter: (path) => !isMade(path) });
    return folder;
  }

  function change(project: string, from: string, to: string): void {
    const file = join(project, "plugin.ts");
    const source = readFileSync(file, "utf8");
    expect(source).toContain(from);
    writeFileSync(file, source.replace(from, to));
  }

  const build = (project: string) => shell(world, `cd '${project}' && dockersnap plugin build -o name`);

  it("passes its own tests, with nothing to download", async () => {
    const { stdout } = await within(projectOf("typescript"), "npm test");
    expect(stdout).toMatch(/pass [1-9]/);
  });

  it("keeps to the contract, rule by rule", async () => {
    await ok("plugin", "check", executableOf("typescript"));
  });

  it("builds after a fresh checkout, and compiles under strict rules", async () => {
    const project = checkout("fresh");
    expect(await build(project)).toEqual({ code: 0, stdout: `${nameOf("typescript")}\n`, stderr: "" });
    expect(readdirSync(join(project, "bin"))).toEqual([nameOf("typescript")]);
  });

  it.each([
    ["an option that is not declared", 'ctx.config.string("text")', 'ctx.config.string("txt")', /error TS2345.*"txt"/],
    ["an option of another type", 'ctx.config.int("port")', 'ctx.config.string("port")', /error TS2345.*"port"/],
    ["a field no answer has", "return { status: container", "return { stauts: container", /error TS2561.*'status'/],
  ])("is not built with %s, and hears which line it is on", async (_, from, to, words) => {
    const project = checkout(`mistaken-${Math.abs(from.length - to.length)}-${to.length}`);
    change(project, from, to);
    const { code, stdout, stderr } = await build(project);
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toMatch(words);
    expect(stderr).toMatch(/plugin\.ts\(\d+,\d+\)/);
    expect(readdirSync(project)).not.toContain("bin");
  });

  it("that does not build leaves the last executable, and says which line is wrong", async () => {
    const project = checkout("broken");
    mkdirSync(join(project, "bin"));
    const executable = join(project, "bin", nameOf("typescript"));
    writeFileSync(executable, "the last one");
    change(project, "await plugin.run();", "await plugin.run(;");
    const { code, stderr } = await shell(world, `cd '${project}' && dockersnap plugin build`);
    expect(code).toBe(1);
    expect(stderr).toMatch(/plugin\.ts\(\d+/);
    expect(readdirSync(join(project, "bin"))).toEqual([nameOf("typescript")]);
    expect(readFileSync(executable, "utf8")).toBe("the last one");
  });

  it.each(["build", "test"])("is needed to %s", async (verb) => {
    const { code, stderr } = await shell(world, `cd '${projects}' && dockersnap plugin ${verb}`);
    expect(code).toBe(3);
    expect(stderr).toContain("Run this in the folder of a plugin in TypeScript");
  });
});
