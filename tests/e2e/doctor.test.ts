import { execFileSync } from "node:child_process";
import { existsSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { openRecords } from "@dockersnap/host";
import { afterAll, beforeAll, expect, it } from "vitest";
import { leftovers } from "../support/audit.ts";
import { cli, shell } from "../support/cli.ts";
import { EchoConnection, echoServer } from "../support/connection.ts";
import { bareInstance, hostPortOf } from "../support/instance.ts";
import { World } from "../support/world.ts";

let world: World;
beforeAll(async () => {
  world = await World.start();
});
afterAll(() => world?.end());

const doctor = (...options: string[]) => cli(world, "doctor", "--config", world.configFile, ...options);

/** Take the records of an instance away, as when they were lost: all that belongs to it is a stray from then on. */
async function forget(name: string): Promise<void> {
  await world.killDaemon();
  const records = openRecords({ path: join(world.stateDir, "records.db") });
  try {
    records.instances.remove(name);
  } finally {
    records.close();
  }
}

it("finds nothing wrong on a machine where all is well, whatever runs there", async () => {
  const { name } = await bareInstance(world, "well");
  await world.client.instances.snapshot(name, { label: "s" });
  // What another daemon on this machine is just making or taking away looks left over for a moment.
  await expect.poll(() => doctor(), { timeout: 20_000 }).toMatchObject({ code: 0 });
  const { stdout } = await doctor();
  expect(stdout).toContain("Nothing is wrong.");
  expect(stdout).toMatch(/^ok +daemon +running, process \d+$/m);
  expect(stdout).toMatch(/^ok +strays +none$/m);
  expect(stdout).not.toContain("!!");
});

it("shows every instance that status calls an error, with the same words", async () => {
  const { name } = await bareInstance(world, "failing");
  const containers = join(world.tree(name), "containers");
  rmSync(containers, { recursive: true });
  writeFileSync(containers, "not a folder");
  expect((await cli(world, "restart", name)).code).not.toBe(0);

  const { status, error } = await world.client.instances.get(name);
  expect({ status, error }).toEqual({ status: "error", error: expect.any(String) });
  expect(await doctor()).toMatchObject({
    code: 1,
    stdout: expect.stringContaining(`instance in error        ${name}\n     ${error}\n`),
  });
  await world.client.instances.delete(name);
  expect((await doctor()).stdout).not.toContain(name);
});

it("has no word on a reader that has seen enough", async () => {
  const { stdout, stderr } = await shell(world, `dockersnap doctor --config '${world.configFile}' | head -n 1`);
  expect(stdout).toMatch(/^ok +root +yes\n$/);
  expect(stderr).toBe("");
});

it("finds a namespace that belongs to no instance, and removes it when it is asked to", async () => {
  const stray = world.name("stray");
  execFileSync("ip", ["netns", "add", `ds-${stray}`]);
  const found = await doctor();
  expect(found).toMatchObject({ code: 1, stdout: expect.stringMatching(new RegExp(`!! +stray network +${stray}`)) });
  expect(found.stdout).toContain("dockersnap doctor --fix");
  expect(leftovers(stray)).not.toEqual([]);
  expect((await doctor("--fix")).stdout).toMatch(new RegExp(`stray network +${stray}\n +Removed`));
  expect(leftovers(stray)).toEqual([]);
  expect((await doctor()).stdout).not.toContain(stray);
});

it("removes an engine without a record and never its data, and leaves instances alone", async () => {
  const kept = await bareInstance(world, "kept");
  await kept.engine.run({ name: "echoer", command: echoServer(7000), publish: ["7501:7000"] });
  await world.client.instances.refreshPorts(kept.name);
  using connection = await EchoConnection.open(world, await hostPortOf(world, kept.name, 7501));
  const { name: lost } = await bareInstance(world, "lost");
  const dataset = join(world.stateDir, "pool/instances", lost);
  await forget(lost);

  const found = await doctor();
  expect(found.code).toBe(1);
  for (const kind of ["engine", "network", "dataset"]) {
    expect(found.stdout).toMatch(new RegExp(`!! +stray ${kind} +${lost}`));
  }
  const fixed = await doctor("--fix");
  expect(fixed).toMatchObject({
    code: 1,
    stdout: expect.stringMatching(/stray dataset[\s\S]*doctor never removes it/),
  });
  expect(leftovers(lost)).toEqual([]);
  expect(existsSync(dataset)).toBe(true);
  expect(await connection.say("still here")).toBe("still here");

  await world.startDaemon();
  expect((await world.client.instances.list()).map(({ name }) => name)).not.toContain(lost);
  expect(existsSync(dataset)).toBe(true);
  expect(await connection.say("adopted")).toBe("adopted");
});
