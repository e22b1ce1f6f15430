import { describe, expect, it } from "vitest";
import { World } from "../world.ts";

const GiB = 2 ** 30;

async function worldWith(limits: object): Promise<World> {
  const world = new World();
  await world.did("create", { name: "web", limits });
  return world;
}

const bounds = async (world: World, name = "web") => (await world.sight(name)).bounds;

describe("limits", () => {
  it("hold a new instance from its beginning, on disk and in its engine", async () => {
    const world = await worldWith({ memory: GiB, cpus: 1.5, disk: 4 * GiB });
    expect(await bounds(world)).toEqual({ engine: { memory: GiB, cpus: 1.5, disk: 4 * GiB }, disk: 4 * GiB });
    expect((await world.describe("web")).limits).toEqual({ memory: GiB, cpus: 1.5, disk: 4 * GiB });
  });

  it("change one by one as it runs, and null takes one away", async () => {
    const world = await worldWith({ memory: GiB, cpus: 2 });
    const change = { limits: { memory: null, pids: 500, disk: GiB }, labels: { team: "core" } };
    expect(await world.did("change-instance", { name: "web", change })).toMatchObject({
      limits: { cpus: 2, pids: 500, disk: GiB },
      labels: { team: "core" },
    });
    expect(await bounds(world)).toEqual({ engine: { cpus: 2, pids: 500, disk: GiB }, disk: GiB });
    await world.did("change-instance", { name: "web", change: { limits: { cpus: null, pids: null, disk: null } } });
    expect((await world.describe("web")).limits).toBeUndefined();
    expect(await bounds(world)).toEqual({ engine: {}, disk: undefined });
  });

  it("of a stopped instance hold from its next start on", async () => {
    const world = await worldWith({ memory: GiB });
    await world.did("stop", { name: "web" });
    await world.did("change-instance", { name: "web", change: { limits: { memory: 2 * GiB } } });
    await world.did("start", { name: "web" });
    expect((await bounds(world)).engine).toEqual({ memory: 2 * GiB });
  });

  it("stay as they were when one of them cannot be had", async () => {
    const world = await worldWith({ memory: 2 * GiB, disk: GiB });
    world.engines.setMemory("web", 1.5 * GiB);
    const refused = await world.run("change-instance", {
      name: "web",
      change: { limits: { memory: GiB, disk: 4 * GiB } },
    });
    expect(refused).toMatchObject({ status: "failed", error: { code: "wrong_state" } });
    world.storage.failNext("setQuota");
    const failed = await world.run("change-instance", { name: "web", change: { limits: { cpus: 1, disk: 4 * GiB } } });
    expect(failed).toMatchObject({ status: "failed" });
    expect(await bounds(world)).toEqual({ engine: { memory: 2 * GiB, disk: GiB }, disk: GiB });
    expect(await world.describe("web")).toMatchObject({ status: "running", limits: { memory: 2 * GiB, disk: GiB } });
  });

  it("are the source's for a clone, but for those it is given", async () => {
    const world = await worldWith({ memory: GiB, cpus: 2, disk: GiB });
    await world.did("snapshot", { name: "web", label: "v1" });
    await world.did("clone", { source: "web", label: "v1", name: "same" });
    await world.did("clone", { source: "web", label: "v1", name: "own", limits: { cpus: null, disk: 2 * GiB } });
    expect(await bounds(world, "same")).toEqual({ engine: { memory: GiB, cpus: 2, disk: GiB }, disk: GiB });
    expect(await bounds(world, "own")).toEqual({ engine: { memory: GiB, disk: 2 * GiB }, disk: 2 * GiB });
  });

  it("that cannot be held here are refused before anything is made", async () => {
    const world = new World();
    world.storage.unbounded = "this kernel bounds no disk space";
    await expect(world.run("create", { name: "web", limits: { disk: GiB } })).rejects.toMatchObject({
      code: "unsupported",
      message: expect.stringContaining("this kernel bounds no disk space"),
    });
    world.engines.unbounded = "this host has no controller for cpu";
    await expect(world.run("create", { name: "web", limits: { cpus: 1 } })).rejects.toMatchObject({
      code: "unsupported",
    });
    expect(await world.storage.list()).toEqual([]);
    expect(world.records.instances.all()).toEqual([]);
  });
});
