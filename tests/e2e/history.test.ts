import { afterAll, beforeAll, expect, it } from "vitest";
import { type CliResult, cli } from "../support/cli.ts";
import type { Engine } from "../support/engine.ts";
import { bareInstance } from "../support/instance.ts";
import { World } from "../support/world.ts";

let world: World;
let name: string;
let engine: Engine;

beforeAll(async () => {
  world = await World.start();
  ({ name, engine } = await bareInstance(world, "web"));
  await engine.run({ name: "app", volumes: ["data:/data"], restart: "always" });
  for (const label of ["one", "two"]) {
    await write(label);
    await ok("snapshot", name, label);
  }
});
afterAll(() => world?.end());

async function ok(...args: string[]): Promise<CliResult> {
  const result = await cli(world, ...args);
  expect(result, `dockersnap ${args.join(" ")}: ${result.stderr}`).toMatchObject({ code: 0 });
  return result;
}

const write = (words: string) => engine.exec("app", "sh", "-c", `echo ${words} > /data/note`);
const note = async () => (await engine.exec("app", "cat", "/data/note")).output.trim();
const head = async () => (await world.client.instances.history(name)).head;

/** A crash: the next daemon knows of everything from its records alone. */
async function crash(): Promise<void> {
  await world.killDaemon();
  await world.startDaemon();
}

it("takes reverts back one after the other and again, with the work done in between, over crashes of the daemon", async () => {
  await write("work on two");
  await ok("revert", name, "one");
  await write("work on one");
  await ok("revert", name, "two");
  expect(await note()).toBe("two");
  await write("more work on two");

  await crash();
  await ok("undo", name);
  expect([await note(), await head()]).toEqual(["work on one", "one"]);
  await crash();
  await ok("undo", name);
  expect([await note(), await head()]).toEqual(["work on two", "two"]);
  expect(await cli(world, "undo", name)).toMatchObject({ code: 4, stderr: expect.stringContaining("dockersnap redo") });

  await crash();
  await ok("redo", name);
  expect([await note(), await head()]).toEqual(["work on one", "one"]);
  await ok("redo", name);
  expect([await note(), await head()]).toEqual(["more work on two", "two"]);
  expect(await cli(world, "redo", name)).toMatchObject({ code: 4, stderr: expect.stringContaining("Nothing to redo") });
});

it("shows every state the instance was in, each below what it came from, over a crash and in a clone", async () => {
  await ok("revert", `${name}@one`);
  const clone = world.name("bench");
  await ok("clone", `${name}@one`, clone);
  await crash();
  const history = await world.client.instances.history(name);
  const parents = Object.fromEntries(history.snapshots.map(({ label, parent }) => [label, parent]));
  expect(parents).toMatchObject({ one: undefined, two: "one" });
  expect(new Set(Object.values(parents))).toEqual(new Set([undefined, "one", "two"]));
  expect(history).toMatchObject({ head: "one", clones: [{ name: clone, label: "one", gone: false }] });
  expect(history.reverts.map(({ to, undone, lost }) => ({ to, undone, lost }))).toEqual([
    { to: "one", undone: false, lost: false },
    { to: "two", undone: false, lost: false },
    { to: "one", undone: false, lost: false },
  ]);

  const { stdout } = await ok("history", name);
  expect(stdout).toMatch(new RegExp(`^○ ${name} .* created\n● one .* cloned to ${clone}\n├─● two `));
  expect(stdout).toMatch(/\n◉ now +← you are here\n$/);
  expect((await ok("log", clone)).stdout).toMatch(
    new RegExp(`^● ${name}@one .*\n○ ${clone} .* cloned from ${name}@one\n◉ now`),
  );
  expect(JSON.parse((await ok("history", name, "-o", "json")).stdout)).toEqual(history);
});

it("says what is missing when what a revert replaced was deleted, and what is left", async () => {
  const { reverts } = await world.client.instances.history(name);
  const [last, older] = reverts.toReversed();
  await ok("delete", `${name}@${last?.kept_as}`);
  expect(await cli(world, "undo", name)).toMatchObject({
    code: 3,
    stderr: expect.stringMatching(
      new RegExp(`kept as '${last?.kept_as}', which was removed .*dockersnap revert ${name}@${older?.kept_as}`),
    ),
  });
  expect(await note()).toBe("one");
});
