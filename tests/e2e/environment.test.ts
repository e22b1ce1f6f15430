import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { type CliResult, cli, shell } from "../support/cli.ts";
import { pageOn } from "../support/connection.ts";
import { Engine } from "../support/engine.ts";
import { World } from "../support/world.ts";

let world: World;
let demo: string;
let count = 0;

beforeAll(async () => {
  world = await World.start();
  demo = world.name("demo");
  await ok("create", demo, "--plugin", "echo", "--config", "text=hi");
  await ok("docker", demo, "--", "exec", "echo", "sh", "-c", "echo precious > /data/note");
  await ok("snapshot", demo, "golden");
});
afterAll(() => world?.end());

/** Run a command that must succeed. */
async function ok(...args: string[]): Promise<CliResult> {
  const result = await cli(world, ...args);
  expect(result, `dockersnap ${args.join(" ")}: ${result.stderr}`).toMatchObject({ code: 0 });
  return result;
}

/** An instance of the test's own: a clone of demo@golden. */
async function copy(): Promise<string> {
  count += 1;
  const name = world.name(`copy${count}`);
  await ok("clone", `${demo}@golden`, name);
  return name;
}

async function hostPort(name: string): Promise<number> {
  return Number((await ok("ports", name, "-o", "name")).stdout);
}

const note = async (name: string) =>
  (await ok("docker", name, "--", "exec", "echo", "cat", "/data/note")).stdout.trim();

const write = (name: string, words: string) =>
  ok("docker", name, "exec", "echo", "sh", "-c", `echo ${words} > /data/note`);

describe("an environment", () => {
  it.each([
    ["quoted", (name: string) => `eval "$(dockersnap use ${name})"`],
    ["unquoted", (name: string) => `eval $(dockersnap use ${name})`],
  ])("answers at the URL that 'use' puts into a shell, %s", async (_how, use) => {
    const { stdout } = await shell(world, `${use(demo)}; echo "$DOCKERSNAP_INSTANCE"; busybox wget -qO- "$ECHO_URL"`);
    expect(stdout).toBe(`${demo}\nhi\n`);
  });

  it("is out of the shell, and nothing after '&&' runs, when 'use' is asked for one that is stopped or does not exist", async () => {
    const stopped = await copy();
    await ok("stop", stopped);
    for (const name of [stopped, "nosuch"]) {
      const { stdout, stderr } = await shell(
        world,
        `eval "$(dockersnap use ${demo})"; eval "$(dockersnap use ${name})" && echo went on; echo "[$DOCKER_HOST$ECHO_URL]"`,
      );
      expect(stdout, stderr).toBe("[]\n");
    }
  });

  it("leads the docker of a shell to its engine, until 'use --unset' takes that back", async () => {
    const { stdout, stderr } = await shell(
      world,
      `eval "$(dockersnap use ${demo})"; docker ps --format '{{.Names}}'; eval "$(dockersnap use --unset)"; env | grep -E 'DOCKER|ECHO' | grep -v REMOTE`,
    );
    expect(stdout, stderr).toBe("echo\n");
  });

  it("comes back with its containers, its volumes and its host port after a revert", async () => {
    const name = await copy();
    const port = await hostPort(name);
    await ok("snapshot", name, "first");
    await write(name, "spoiled");
    await ok("docker", name, "--", "rm", "--force", "echo");
    await expect(pageOn(world, port)).rejects.toThrow();
    await ok("revert", `${name}@first`);
    expect(await note(name)).toBe("precious");
    expect(await hostPort(name)).toBe(port);
    expect(await pageOn(world, port)).toBe("hi");
  });

  it("keeps newer snapshots over a revert to an older one, and goes forward to them again", async () => {
    const name = await copy();
    await ok("snapshot", name, "older");
    await write(name, "newer words");
    await ok("snapshot", `${name}@newer`);
    await ok("revert", name, "older");
    expect(await note(name)).toBe("precious");
    const { stdout } = await ok("snapshots", name, "-o", "name");
    expect(stdout.split("\n")).toEqual(expect.arrayContaining([`${name}@older`, `${name}@newer`]));
    await ok("revert", name, "newer", "-f");
    expect(await note(name)).toBe("newer words");
  });

  it("goes back to what was there before a revert, by the command the revert names", async () => {
    const name = await copy();
    await ok("snapshot", name, "first");
    await write(name, "never snapshotted");
    const { stderr } = await ok("revert", name, "first");
    expect(await note(name)).toBe("precious");
    const [, command = ""] = /Undo the revert with: (.+)/.exec(stderr) ?? [];
    expect(command).toBe(`dockersnap undo ${name}`);
    expect(await shell(world, command)).toMatchObject({ code: 0 });
    expect(await note(name)).toBe("never snapshotted");
  });

  it("has clones that answer at the same time on ports of their own and change nothing in it", async () => {
    const name = await copy();
    const ports = await Promise.all([hostPort(demo), hostPort(name)]);
    expect(new Set(ports).size).toBe(2);
    expect(await Promise.all(ports.map((port) => pageOn(world, port)))).toEqual(["hi", "hi"]);
    await write(name, "words of the copy");
    expect((await ok("docker", name, "ps", "--format", "{{.Names}}")).stdout).toBe("echo\n");
    await ok("docker", name, "--", "rm", "--force", "echo");
    expect(await note(demo)).toBe("precious");
    expect(await pageOn(world, ports[0] ?? 0)).toBe("hi");
    expect(JSON.parse((await ok("status", name, "-o", "json")).stdout)).toMatchObject({
      clone_of: `${demo}@golden`,
      workload_plugin: "echo",
    });
  });

  it("leaves its clones whole when it is deleted, also over a restart of theirs", async () => {
    const source = await copy();
    const clone = world.name("heir");
    await ok("snapshot", source, "last");
    await ok("clone", source, "last", clone);
    await ok("snapshot", clone, "own");
    await ok("delete", source, "--yes");
    await ok("restart", clone);
    expect(await note(clone)).toBe("precious");
    expect(await pageOn(world, await hostPort(clone))).toBe("hi");
    await ok("revert", `${clone}@own`);
    expect(await pageOn(world, await hostPort(clone))).toBe("hi");
  });

  // dockerd keeps the paths of volumes with the containers that it made, and starts none whose path leads nowhere.
  it("leaves its clones whole when what it made for them first is gone, with volumes of every sort", async () => {
    const [source, clone] = [world.name("maker"), world.name("kept")];
    await ok("create", source, "--plugin", "echo", "--config", "text=hi");
    const engine = await Engine.of(world, source);
    await engine.run({ name: "store", restart: "always", volumes: ["data:/data", "shared:/shared:z", "/scratch"] });
    await ok("snapshot", source, "last");
    await ok("clone", source, "last", clone);
    await ok("delete", source, "--yes");
    await ok("restart", clone);
    expect(await (await Engine.of(world, clone)).state("store")).toMatchObject({ Running: true });
    expect(await pageOn(world, await hostPort(clone))).toBe("hi");
  });

  it("stays where its data is and answers again after a stop and a start", async () => {
    const name = await copy();
    const port = await hostPort(name);
    await ok("stop", name);
    await expect(pageOn(world, port)).rejects.toThrow();
    expect((await ok("list")).stdout).toMatch(new RegExp(`${name} +stopped`));
    expect(await cli(world, "docker", name, "--", "ps")).toMatchObject({
      code: 4,
      stderr: expect.stringContaining(`Start it with 'dockersnap start ${name}'`),
    });
    await ok("start", name);
    expect(await pageOn(world, port)).toBe("hi");
    expect(await note(name)).toBe("precious");
  });
});

describe("what the commands print", () => {
  it("is the API's own JSON with -o json, and the same as YAML", async () => {
    // What it uses goes on changing between the two looks.
    const { used: _used, ...instance } = await world.client.instances.get(demo);
    expect(JSON.parse((await ok("status", demo, "-o", "json")).stdout)).toMatchObject(instance);
    expect(parse((await ok("snapshots", demo, "-o", "yaml")).stdout)).toEqual(
      await world.client.instances.snapshots(demo),
    );
    expect(JSON.parse((await ok("ports", demo, "-o", "json")).stdout)).toEqual(
      await world.client.instances.ports(demo),
    );
  });

  it("is names alone with -o name, to go on with", async () => {
    expect((await ok("list", "-o", "name")).stdout.split("\n")).toContain(demo);
    expect((await ok("snapshots", demo, "-o", "name")).stdout).toBe(`${demo}@golden\n`);
    expect((await ok("snapshot", demo, "named", "-o", "name")).stdout).toBe(`${demo}@named\n`);
    expect((await ok("delete", `${demo}@named`, "-o", "name")).stdout).toBe(`${demo}@named\n`);
  });

  it("is the operation's events as lines of JSON on stderr, and its result on stdout", async () => {
    const { stdout, stderr } = await ok("snapshot", demo, "lines", "-o", "json");
    const events = stderr
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    const message = `The snapshot of instance '${demo}' is taken.`;
    expect(events.at(-1)).toEqual({ step: "complete", status: "done", message });
    expect(events.map(({ step }) => step)).toContain("take");
    expect(JSON.parse(stdout)).toMatchObject({ status: "ok", label: "lines", mode: "live" });
    await ok("delete", `${demo}@lines`);
  });

  it("is nothing with -q for what was done", async () => {
    expect(await ok("snapshot", demo, "quiet", "-q")).toMatchObject({ stdout: "", stderr: "" });
    expect(await ok("delete", `${demo}@quiet`, "-q")).toMatchObject({ stdout: "", stderr: "" });
  });
});

describe("a command that fails", () => {
  it.each([
    ["wrong usage", 2, () => ["snapshot", demo], /label/],
    ["a name that does not fit", 2, () => ["create", "Not-a-name"], /Not-a-name/],
    ["an instance that is not there", 3, () => ["status", `${demo}x`], /Did you mean 't\w+-demo'\?/],
    ["a snapshot that is not there", 3, () => ["revert", demo, "goldne"], /Did you mean 'golden'\?/],
    ["a name that is taken", 4, () => ["create", demo], /exists already/],
    ["a label that is taken", 4, () => ["snapshot", demo, "golden"], /already/],
    ["a daemon that is not there", 5, () => ["list", "--remote", "http://127.0.0.1:1"], /dockersnap serve/],
  ])("tells %s by the exit code %i and one line", async (_what, code, args, words) => {
    const result = await cli(world, ...args());
    expect(result).toMatchObject({ code, stdout: "", stderr: expect.stringMatching(words) });
    expect(result.stderr.trimEnd().split("\n")).toHaveLength(1);
  });

  it("says what failed as one JSON object with -o json", async () => {
    const { code, stderr } = await cli(world, "status", "nowhere", "-o", "json");
    expect({ code, error: JSON.parse(stderr) }).toMatchObject({ code: 3, error: { code: "not_found" } });
  });
});
