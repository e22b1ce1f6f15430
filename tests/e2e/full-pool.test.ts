import { afterAll, beforeAll, expect, it } from "vitest";
import { cli } from "../support/cli.ts";
import type { Engine } from "../support/engine.ts";
import { bareInstance } from "../support/instance.ts";
import { World } from "../support/world.ts";

const mib = 1024 * 1024;

let world: World;
let name: string;
let engine: Engine;

beforeAll(async () => {
  world = await World.start({ poolBytes: 1024 * mib });
  ({ name, engine } = await bareInstance(world, "full"));
  await engine.run({ name: "writer", restart: "always" });
  await engine.exec("writer", "sh", "-c", "echo kept > /word");
  await world.client.instances.snapshot(name, { label: "empty" });
});
afterAll(() => world?.end());

async function freeBytes(): Promise<number> {
  const metrics = await (await fetch(`${world.url}/metrics`)).text();
  const [, value] = /^dockersnap_pool_bytes\{what="free"\} (\S+)$/m.exec(metrics) ?? [];
  return Number(value);
}

/** Let a container write until the disk is full, to the last block. */
async function fill(): Promise<void> {
  // Reserving is quick; what the pool keeps for itself is only found out by writing.
  await engine.exec("writer", "fallocate", "-l", String((await freeBytes()) - 50 * mib), "/bulk");
  const { output } = await engine.exec("writer", "dd", "if=/dev/urandom", "of=/rest", "bs=1M");
  expect(output).toContain("No space left on device");
}

it("refuses what needs room before anything is done, keeps what is there, and lets go of it when asked", async () => {
  const spare = world.name("spare");
  await world.client.instances.clone(name, { label: "empty", new_name: spare });
  await fill();
  const before = { instances: await world.client.instances.list(), operations: await world.client.operations.list() };

  const act = world.client.instances;
  const refused = {
    code: "no_space",
    message: expect.stringMatching(/The pool has \S+ \S+ of \S+ \S+ left, too little to/),
  };
  await expect(act.create({ name: world.name("new") })).rejects.toMatchObject(refused);
  await expect(act.clone(name, { label: "empty", new_name: world.name("new") })).rejects.toMatchObject(refused);
  await expect(act.snapshot(name, { label: "s" })).rejects.toMatchObject(refused);
  await expect(act.revert(name, { label: "empty" })).rejects.toMatchObject(refused);
  expect(await act.list()).toEqual(before.instances);
  expect(await world.client.operations.list()).toEqual(before.operations);
  expect((await engine.exec("writer", "cat", "/word")).output).toBe("kept\n");

  await world.restartDaemon();
  expect(await act.list()).toEqual(before.instances);
  expect((await engine.exec("writer", "cat", "/word")).output).toBe("kept\n");
  const doctor = await cli(world, "doctor", "--config", world.configFile);
  expect(doctor).toMatchObject({
    code: 1,
    stdout: expect.stringMatching(/!! +pool[\s\S]*It is full, and nothing new is begun/),
  });

  expect(await world.client.health()).toMatchObject({ pool: { state: "full" } });
  expect((await cli(world, "list")).stderr).toContain("The pool is full");

  await act.deleteSnapshot(name, "empty");
  await act.delete(spare);
  expect((await engine.exec("writer", "cat", "/word")).output).toBe("kept\n");
  await expect(act.snapshot(name, { label: "s" })).rejects.toMatchObject(refused);

  const grown = await cli(world, "pool", "grow", "+512M");
  expect(grown).toMatchObject({ code: 0, stdout: expect.stringMatching(/^State +(ok|nearly full)\nSize +1\.5 GiB$/m) });
  expect((await cli(world, "pool", "grow", "1G")).code).toBe(2);
  await act.snapshot(name, { label: "s" });
  expect((await engine.exec("writer", "cat", "/word")).output).toBe("kept\n");
  await act.delete(name);
  expect(await act.list()).toEqual([]);

  const again = await bareInstance(world, "again");
  await again.engine.run({ name: "writer" });
  expect((await again.engine.exec("writer", "fallocate", "-l", String(300 * mib), "/bulk")).code).toBe(0);
});
