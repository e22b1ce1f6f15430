import { readdirSync } from "node:fs";
import { join } from "node:path";
import { run } from "@dockersnap/host";
import { afterAll, beforeAll, expect, it } from "vitest";
import { cli } from "../support/cli.ts";
import { faultsFound } from "../support/doctor.ts";
import { Engine } from "../support/engine.ts";
import { eventOf } from "../support/events.ts";
import { bareInstance } from "../support/instance.ts";
import { World } from "../support/world.ts";

let world: World;
let name: string;
let engine: Engine;
let pool: string;

beforeAll(async () => {
  world = await World.start();
  pool = join(world.stateDir, "pool");
  ({ name, engine } = await bareInstance(world, "kept"));
  await engine.run({ name: "box", restart: "always", volumes: ["data:/data"] });
  await engine.exec("box", "sh", "-c", "echo kept > /data/word");
});
afterAll(() => world?.end());

const word = async () => (await engine.exec("box", "cat", "/data/word")).output;
const metrics = async () => (await fetch(`${world.url}/metrics`)).text();
const doctor = () => cli(world, "doctor", "--config", world.configFile);

/** Something on the host may have a file of it open for a moment. */
async function unmount(): Promise<void> {
  const unmounts = () =>
    run("umount", [pool]).then(
      () => true,
      () => false,
    );
  await expect.poll(unmounts, { timeout: 30_000 }).toBe(true);
}

async function restored(): Promise<number> {
  return Number(/^dockersnap_host_restored_total\{what="mount"\} (\d+)$/m.exec(await metrics())?.[1]);
}

it("is mounted again when something unmounts it while an instance runs, which is logged and counted", async () => {
  const act = world.client.instances;
  const before = await restored();
  const { StartedAt } = await engine.state("box");

  await unmount();
  expect(await word()).toBe("kept\n");
  await act.snapshot(name, { label: "s1" });
  expect(await restored()).toBe(before + 1);
  expect(world.logTail(5000)).toContain("something unmounted the pool, and it was mounted again");
  expect(await engine.state("box")).toMatchObject({ StartedAt });
  expect(await faultsFound(world)).toEqual([]);

  await engine.exec("box", "sh", "-c", "echo changed > /data/word");
  await run("umount", ["--lazy", pool]);
  await act.revert(name, { label: "s1" });
  engine = await Engine.of(world, name);
  expect(await word()).toBe("kept\n");

  const clone = world.name("clone");
  await unmount();
  await act.clone(name, { label: "s1", new_name: clone });
  await unmount();
  await act.delete(clone);
  expect(await restored()).toBe(before + 4);
  expect(await faultsFound(world)).toEqual([]);
  expect((await world.client.health()).pool).toMatchObject({ state: "ok" });
});

it("is a state of its own while something else is in its place, where nothing is made", async () => {
  const act = world.client.instances;
  const changed = (state: string, how: () => Promise<unknown>) =>
    eventOf(
      world,
      ({ type, data }) => type === "pool.changed" && data?.state === state,
      async () => {
        await how();
        await world.client.health();
      },
    );
  await changed("unmounted", () => run("mount", ["-t", "tmpfs", "tmpfs", pool]));
  try {
    expect(await world.client.pool.get()).toMatchObject({
      state: "unmounted",
      advice: expect.stringMatching(/tmpfs.*is mounted at .*Unmount it/),
    });
    expect(await metrics()).toContain('dockersnap_pool_state{state="unmounted"} 1');
    expect(await metrics()).toContain('dockersnap_host_faults{what="mount"} 1');
    expect((await cli(world, "pool")).stdout).toMatch(/^State +not mounted$/m);
    expect((await cli(world, "list")).stderr).toContain("The pool is not mounted");
    expect(await doctor()).toMatchObject({ code: 1, stdout: expect.stringMatching(/!! +pool +not mounted/) });
    const refused = { code: "unmounted", message: expect.stringMatching(/^The pool is not mounted/) };
    const verbs: Record<string, () => Promise<unknown>> = {
      create: () => act.create({ name: world.name("new") }),
      clone: () => act.clone(name, { label: "s1", new_name: world.name("new") }),
      snapshot: () => act.snapshot(name, { label: "s2" }),
      revert: () => act.revert(name, { label: "s1" }),
      restart: () => act.restart(name),
      deleteSnapshot: () => act.deleteSnapshot(name, "s1"),
      renameSnapshot: () => act.changeSnapshot(name, "s1", { new_label: "s9" }),
      delete: () => act.delete(name),
      usage: () => act.usage(name),
      diff: () => act.diff(name),
      grow: () => world.client.pool.grow({ size_bytes: 2 ** 40 }),
    };
    for (const [verb, ask] of Object.entries(verbs)) await expect(ask(), verb).rejects.toMatchObject(refused);
    expect(await word()).toBe("kept\n");
    await act.stop(name);
    expect(readdirSync(pool)).toEqual([]);
  } finally {
    await changed("ok", unmount);
  }
  await act.start(name);
  engine = await Engine.of(world, name);
  expect(await word()).toBe("kept\n");
  expect(await faultsFound(world)).toEqual([]);
  await act.delete(name);
});
