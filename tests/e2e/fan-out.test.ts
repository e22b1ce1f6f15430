import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, expect, it } from "vitest";
import { cli } from "../support/cli.ts";
import { pageOn } from "../support/connection.ts";
import { hostPortOf } from "../support/instance.ts";
import { repository } from "../support/repository.ts";
import { cleanEnvironment, World } from "../support/world.ts";

let world: World;
let demo: string;

beforeAll(async () => {
  world = await World.start();
  demo = world.name("demo");
  const workload_inline = { plugin: "echo", config: { text: "hi" } };
  await world.client.instances.create({ name: demo, workload_inline });
  await world.client.instances.snapshot(demo, { label: "golden" });
});
afterAll(() => world?.end());

const accessFolders = () => readdirSync(join(world.dir, "home/.dockersnap"));
const names = async () => (await world.client.instances.list()).map(({ name }) => name);

it("runs a command on a throw-away clone, with its environment, output and exit code", async () => {
  const script =
    'busybox wget -qO- "$ECHO_URL"; docker exec echo sh -c "echo spoiled > /data/note"; echo oops >&2; exit 7';
  const { code, stdout, stderr } = await cli(world, "run", `${demo}@golden`, "-q", "--", "sh", "-c", script);
  expect({ code, stdout, stderr }).toEqual({ code: 7, stdout: "hi\n", stderr: "oops\n" });
  expect(await names()).toEqual([demo]);
  expect(accessFolders()).toEqual([]);
  const there = await cli(world, "docker", demo, "--", "exec", "echo", "ls", "/data");
  expect(there.stdout).toBe("");
});

it("keeps the clone of a failed command for a look, if asked to", async () => {
  const { code, stderr } = await cli(world, "run", `${demo}@golden`, "--keep-on-failure", "--", "false");
  expect(code).toBe(1);
  const [, kept = ""] = /Kept the clone '([^']+)'/.exec(stderr) ?? [];
  expect(await names()).toEqual([demo, kept]);
  expect(accessFolders()).toEqual([kept]);
  await world.client.instances.delete(kept);
});

it("files of instances that somebody else deleted go with the next use, and a delete takes its own along", async () => {
  const [other, gone] = [world.name("other"), world.name("gone")];
  for (const name of [other, gone]) {
    await world.client.instances.create({ name });
    expect(await cli(world, "use", name)).toMatchObject({ code: 0 });
  }
  await world.client.instances.delete(gone);
  expect(await cli(world, "use", demo)).toMatchObject({
    code: 0,
    stderr: expect.stringContaining(`Removed the access files of deleted instances: ${gone}.`),
  });
  expect(accessFolders().sort()).toEqual([demo, other].sort());
  expect(await cli(world, "delete", other)).toMatchObject({ code: 0, stderr: expect.not.stringContaining("warning") });
  expect(accessFolders()).toEqual([demo]);
});

it.each(["SIGINT", "SIGTERM"] as const)(
  "removes the clone when %s ends the command line in its midst",
  async (signal) => {
    const environment = { ...cleanEnvironment(), DOCKERSNAP_REMOTE: world.url, HOME: join(world.dir, "home") };
    const script = "trap 'exit 42' INT TERM; echo up; while :; do sleep 0.1; done";
    const words = ["run", `${demo}@golden`, "-q", "--", "sh", "-c", script];
    const running = spawn(join(repository, "bin/dockersnap"), words, {
      env: environment,
      stdio: ["ignore", "pipe", "inherit"],
      detached: true,
    });
    const output = text(running.stdout);
    const ended = once(running, "exit");
    await once(running.stdout, "data");
    // As the terminal does with Ctrl-C: to all of its foreground.
    process.kill(-(running.pid ?? 0), signal);
    expect((await ended)[0]).toBe(42);
    await output;
    expect(await names()).toEqual([demo]);
  },
);

it("makes many clones of one snapshot side by side, and each that can be made is", async () => {
  const taken = world.name("copy-2");
  await world.client.instances.clone(demo, { label: "golden", new_name: taken });
  const { code, stderr } = await cli(world, "clone", `${demo}@golden`, world.name("copy"), "--count", "4");
  expect(code).toBe(1);
  expect(stderr).toContain(`warning: ${taken}: Instance '${taken}' exists already.`);
  const copies = (await names()).filter((name) => name !== demo).sort();
  expect(copies).toEqual([1, 2, 3, 4].map((number) => world.name(`copy-${number}`)));
  for (const copy of copies) expect(await pageOn(world, await hostPortOf(world, copy, 5678))).toBe("hi");
});
