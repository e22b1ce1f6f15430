import { join } from "node:path";
import { run } from "@dockersnap/host";
import { afterAll, beforeAll, expect, it } from "vitest";
import { cli } from "../support/cli.ts";
import { faultsFound } from "../support/doctor.ts";
import type { Engine } from "../support/engine.ts";
import { eventOf } from "../support/events.ts";
import { bareInstance } from "../support/instance.ts";
import { killAndWait, sandboxPid } from "../support/processes.ts";
import { settled } from "../support/reboot.ts";
import { World } from "../support/world.ts";

let world: World;
let name: string;
let engine: Engine;

beforeAll(async () => {
  world = await World.start();
  ({ name, engine } = await bareInstance(world, "held"));
  await engine.run({ name: "box", restart: "always", volumes: ["data:/data"] });
  await engine.exec("box", "sh", "-c", "echo kept > /data/word");
  await world.client.instances.snapshot(name, { label: "s1" });
});
afterAll(async () => {
  await remount("rw").catch(() => undefined);
  await world?.end();
});

const remount = (access: "ro" | "rw") => run("mount", ["-o", `remount,${access}`, join(world.stateDir, "pool")]);
const word = async () => (await engine.exec("box", "cat", "/data/word")).output;
const metrics = async () => (await fetch(`${world.url}/metrics`)).text();

/** Remount the pool and have the daemon notice, which it tells once. */
const remounted = (access: "ro" | "rw", state: string) =>
  eventOf(
    world,
    ({ type, data }) => type === "pool.changed" && data?.state === state,
    async () => {
      await remount(access);
      await world.client.health();
    },
  );

it("is a state of its own everywhere, refuses verbs in one sentence, and is over with a remount", async () => {
  const act = world.client.instances;
  await act.stop(name);
  await remounted("ro", "read_only");

  expect((await world.client.health()).pool).toMatchObject({ state: "read_only" });
  expect(await world.client.pool.get()).toMatchObject({ state: "read_only" });
  expect(await metrics()).toContain('dockersnap_pool_state{state="read_only"} 1');
  expect((await cli(world, "pool")).stdout).toMatch(/^State +read-only$/m);
  expect((await cli(world, "list")).stderr).toContain("The pool is read-only");
  const doctor = () => cli(world, "doctor", "--config", world.configFile);
  expect(await doctor()).toMatchObject({ code: 1, stdout: expect.stringMatching(/!! +pool +read-only/) });

  const before = { instances: await act.list(), operations: await world.client.operations.list() };
  const refused = {
    code: "read_only",
    message: expect.stringMatching(
      /^The pool is read-only, so dockersnap cannot [^:]+: Make it writable with 'mount -o remount,rw /,
    ),
  };
  const verbs: Record<string, () => Promise<unknown>> = {
    create: () => act.create({ name: world.name("new") }),
    clone: () => act.clone(name, { label: "s1", new_name: world.name("new") }),
    snapshot: () => act.snapshot(name, { label: "s2" }),
    revert: () => act.revert(name, { label: "s1" }),
    start: () => act.start(name),
    restart: () => act.restart(name),
    deleteSnapshot: () => act.deleteSnapshot(name, "s1"),
    renameSnapshot: () => act.changeSnapshot(name, "s1", { new_label: "s9" }),
    limit: () => act.change(name, { limits: { disk: 1024 ** 3 } }),
    growPool: () => world.client.pool.grow({ size_bytes: 8 * 1024 ** 3 }),
    delete: () => act.delete(name),
  };
  for (const [verb, ask] of Object.entries(verbs)) await expect(ask(), verb).rejects.toMatchObject(refused);
  expect(await act.list()).toEqual(before.instances);
  expect(await world.client.operations.list()).toEqual(before.operations);

  await remounted("rw", "ok");
  expect(await faultsFound(world)).toEqual([]);
  await act.start(name);
  expect(await word()).toBe("kept\n");
  await act.snapshot(name, { label: "s2" });
});

it("has what should run come up once it can be written, by a daemon that started while it could not", async () => {
  await world.restartDaemon();
  expect((await world.client.instances.get(name)).status).toBe("running");
  const sandbox = await sandboxPid(world, name);
  await world.stopDaemon();
  await killAndWait(sandbox);
  // What was in the sandbox ends after it, and has files open for writing until then.
  const remounts = () =>
    remount("ro").then(
      () => true,
      () => false,
    );
  await expect.poll(remounts, { timeout: 30_000 }).toBe(true);
  await world.startDaemon();
  expect((await world.client.health()).pool).toMatchObject({ state: "read_only" });
  expect((await world.client.instances.get(name)).status).not.toBe("running");

  await remounted("rw", "ok");
  await settled(world);
  expect((await world.client.instances.get(name)).status).toBe("running");
  expect(await word()).toBe("kept\n");
  expect((await cli(world, "list")).stderr).toBe("");
});
