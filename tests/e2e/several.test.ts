import { afterAll, beforeAll, expect, it } from "vitest";
import { cli } from "../support/cli.ts";
import { bareInstance } from "../support/instance.ts";
import { World } from "../support/world.ts";

let world: World;
beforeAll(async () => {
  world = await World.start();
});
afterAll(() => world?.end());

const statuses = async (...names: string[]) =>
  Object.fromEntries(
    (await world.client.instances.list())
      .filter(({ name }) => names.includes(name))
      .map(({ name, status }) => [name, status]),
  );

it("stops, starts and deletes several instances with one command, and says which could not be", async () => {
  const [{ name: one }, { name: two }] = await Promise.all([bareInstance(world, "one"), bareInstance(world, "two")]);
  expect(await cli(world, "stop", one, two)).toMatchObject({ code: 0, stdout: `Stopped 2 of 2: ${one}, ${two}.\n` });
  expect(await statuses(one, two)).toEqual({ [one]: "stopped", [two]: "stopped" });

  const some = await cli(world, "start", two, "nosuch");
  expect(some).toMatchObject({ code: 1, stdout: `Started 1 of 2: ${two}.\n` });
  expect(some.stderr).toContain("nosuch");
  expect(await statuses(one, two)).toEqual({ [one]: "stopped", [two]: "running" });

  const mistaken = await cli(world, "delete", one, "golden");
  expect(mistaken).toMatchObject({ code: 3, stderr: expect.stringContaining(`'dockersnap delete ${one}@golden'`) });
  expect(await statuses(one)).toEqual({ [one]: "stopped" });

  await world.client.instances.snapshot(two, { label: "s1" });
  await world.client.instances.snapshot(two, { label: "s2" });
  const removed = await cli(world, "delete", `${two}@s1`, `${two}@s2`, one);
  expect(removed).toMatchObject({ code: 0, stdout: `Deleted 3 of 3: ${two}@s1, ${two}@s2, ${one}.\n` });
  expect(await world.client.instances.snapshots(two)).toEqual([]);
  expect(await statuses(one, two)).toEqual({ [two]: "running" });
});
