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

  it("on more processors than there are are refused where they are asked for, and carried where they are there", async () => {
    const world = await worldWith({ cpus: 4 });
    await world.did("snapshot", { name: "web", label: "v1" });
    const refused = { code: "invalid_request", message: expect.stringContaining("this host has 4.") };
    const limits = { cpus: 4.5 };
    await expect(world.run("create", { name: "new", limits })).rejects.toMatchObject(refused);
    await expect(world.run("change-instance", { name: "web", change: { limits } })).rejects.toMatchObject(refused);
    const clone = { source: "web", label: "v1", name: "new" };
    await expect(world.run("clone", { ...clone, limits })).rejects.toMatchObject(refused);
    // As on a smaller host than the one it was made on.
    world.records.instances.update("web", { limits });
    await world.did("clone", clone);
    expect(await bounds(world, "new")).toMatchObject({ engine: limits });
  });

  describe("of disk, reached", () => {
    const MiB = 2 ** 20;

    async function fullWorld(): Promise<World> {
      const world = await worldWith({ disk: MiB });
      world.write("web", "early", "kept");
      await world.did("snapshot", { name: "web", label: "v1" });
      world.write("web", "data", "x".repeat(MiB - "kept".length));
      expect(world.storage.isFull(world.storage.path("web"))).toBe(true);
      return world;
    }

    async function expectUpAtLimit(world: World): Promise<void> {
      expect(await world.describe("web")).toMatchObject({ status: "running" });
      expect(await world.engines.api("web").containers()).toEqual([]);
      expect(await bounds(world)).toEqual({ engine: { disk: MiB }, disk: MiB });
      expect(world.read("web", "data")?.length).toBe(MiB - "kept".length);
      expect(() => world.write("web", "more", "x")).toThrow("quota exceeded");
    }

    it("leave an engine room to come up, and hold again once it is", async () => {
      const world = await fullWorld();
      await world.did("restart", { name: "web" });
      await expectUpAtLimit(world);
      await world.did("stop", { name: "web" });
      await world.did("start", { name: "web" });
      await expectUpAtLimit(world);
    });

    it("let a revert that fails bring it back as it was", async () => {
      const world = await fullWorld();
      const reverted = await world.failing({ step: "halt", moment: "acted" }, "revert", { name: "web", label: "v1" });
      expect(reverted.status).toBe("failed");
      await expectUpAtLimit(world);
    });

    it("leave it room after a crash of the engine and after a reboot", async () => {
      const world = await fullWorld();
      world.engines.crash("web");
      await world.restart();
      await expectUpAtLimit(world);
    });

    it("leave it room when dockerd alone is brought back", async () => {
      const world = await fullWorld();
      await world.engines.detach("web");
      await world.restart();
      await expectUpAtLimit(world);
    });

    it("hold at the next start when a kill left them higher", async () => {
      const world = await fullWorld();
      await world.did("stop", { name: "web" });
      await world.storage.setQuota("web", 65 * MiB);
      await world.did("start", { name: "web" });
      await expectUpAtLimit(world);
    });

    it("come down again when the engine does not come up", async () => {
      const world = await fullWorld();
      await world.did("stop", { name: "web" });
      world.engines.failNext("start");
      expect(await world.run("start", { name: "web" })).toMatchObject({ status: "failed" });
      expect(world.storage.quota("web")).toBe(MiB);
    });
  });
});
