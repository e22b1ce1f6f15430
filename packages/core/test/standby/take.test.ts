import { DockersnapError } from "@dockersnap/contract";
import { beforeEach, describe, expect, it } from "vitest";
import { beginClone } from "../../src/index.ts";
import { container, World } from "../world.ts";

let world: World;
const publishes = [{ ip: "0.0.0.0", publicPort: 8080, privatePort: 80, protocol: "tcp" as const }];
const caller = { requestedBy: "test" };

beforeEach(async () => {
  world = new World();
  world.plugins.add("echo");
  await world.did("create", { name: "web", workload_inline: { plugin: "echo" } });
  world.write("web", "file", "then");
  await world.did("snapshot", { name: "web", label: "golden" });
});

async function waits(name: string, change: { frozen?: boolean } = {}): Promise<void> {
  await world.did("prepare-standby", { source: "web", label: "golden", name, frozen: true, ...change });
}

const taking = { source: "web", label: "golden", name: "copy", standby: "waiting" };

async function clone(name: string) {
  const { platform } = world.daemon.context;
  const input = { source: "web", label: "golden", name };
  return (await beginClone({ platform, operations: world.daemon.operations }, input, caller)).done;
}

const tookOne = ({ steps }: { steps: readonly { name: string }[] }) => steps.some(({ name }) => name === "take");
const callsOf = (command: string) => world.plugins.calls.filter((call) => call.command === command);

describe("a clone that is made to wait", () => {
  it("is there, ready, held still and without forwarded ports", async () => {
    await waits("waiting");
    expect(world.records.instances.get("waiting")).toMatchObject({
      phase: "ready",
      purpose: "standby",
      cloneOf: { instance: "web", label: "golden" },
    });
    expect(world.engines.isSuspended("waiting")).toBe(true);
    expect(world.network.forwards("waiting")).toEqual([]);
    expect(world.records.ports.of("waiting")).toEqual([]);
  });

  it("runs on where it is not to be held still", async () => {
    await waits("waiting", { frozen: false });
    expect(world.engines.isSuspended("waiting")).toBe(false);
  });

  it("waits only once its workload is healthy", async () => {
    let asked = 0;
    world.plugins.add("echo", { health: () => ({ healthy: ++asked > 2, checks: [] }) });
    await waits("waiting");
    expect(asked).toBe(3);
  });

  it("is given up, with what its workload lacks, when that does not become healthy", async () => {
    world.plugins.add("echo", {
      health: () => {
        world.daemon.context.platform.clock.now();
        return { healthy: false, checks: [{ name: "db", ok: false, message: "no answer" }] };
      },
    });
    const operation = await world.run("prepare-standby", {
      source: "web",
      label: "golden",
      name: "waiting",
      frozen: true,
    });
    expect(operation.error).toMatchObject({ code: "not_ready", error: expect.stringContaining("db: no answer") });
    expect((await world.sight("waiting")).record).toBeUndefined();
    expect(await world.engines.list()).toEqual(["web"]);
  });

  it("cannot be used by its name, and is deleted without a word to the plugin", async () => {
    await waits("waiting");
    for (const kind of ["stop", "start", "restart"]) {
      await expect(world.run(kind, { name: "waiting" })).rejects.toMatchObject({ code: "wrong_state" });
    }
    await expect(world.run("snapshot", { name: "waiting", label: "x" })).rejects.toMatchObject({ code: "wrong_state" });
    await world.did("delete", { name: "waiting" });
    expect(callsOf("teardown")).toEqual([]);
    expect(await world.engines.list()).toEqual(["web"]);
  });
});

describe("a clone of a snapshot of which one waits", () => {
  it("is the one that waited, with its subnet, its data and its user's name", async () => {
    await waits("waiting");
    const { subnetIndex } = world.records.instances.get("waiting") ?? {};
    world.write("waiting", "mark", "waited");

    expect(tookOne(await clone("copy"))).toBe(true);

    expect(world.records.instances.get("waiting")).toBeUndefined();
    expect(world.records.instances.get("copy")).toMatchObject({ subnetIndex, phase: "ready", purpose: undefined });
    expect(world.read("copy", "mark")).toBe("waited");
    expect(world.engines.isSuspended("copy")).toBe(false);
    expect(await world.engines.list()).toEqual(["copy", "web"]);
    expect(await world.network.list()).toEqual(["copy", "web"]);
    await world.did("restart", { name: "copy" });
    await world.did("delete", { name: "copy" });
  });

  it("has its ports forwarded, and its plugin's post_clone run under the name it has then", async () => {
    world.plugins.add("echo", { post_clone: () => undefined });
    await waits("waiting", { frozen: false });
    world.engines.setContainers("waiting", [container({ ports: publishes })]);
    expect(callsOf("post_clone")).toEqual([]);
    await clone("copy");
    expect(world.ports("copy")).toMatchObject([{ container_port: 8080, host_port: 8080 }]);
    expect(callsOf("post_clone").map(({ input }) => input.instance.name)).toEqual(["copy"]);
  });

  it("has the steps of any other clone where none waits", async () => {
    const { steps } = await clone("copy");
    expect(steps.map(({ name }) => name)).toEqual(["reserve", "dataset", "network", "engine", "ports", "commit"]);
  });

  it("is another for each of those begun at once, and made where none is left", async () => {
    await waits("one");
    await waits("two");
    const ends = await Promise.all(["a", "b", "c"].map(clone));
    expect(ends.map(({ status }) => status)).toEqual(["done", "done", "done"]);
    expect(ends.filter(tookOne)).toHaveLength(2);
    expect(await world.engines.list()).toEqual(["a", "b", "c", "web"]);
  });

  it("is not one that is no longer as its source is, nor one whose engine ended", async () => {
    await waits("waiting");
    world.records.instances.update("web", { labels: { team: "new" } });
    expect(tookOne(await clone("a"))).toBe(false);
    world.records.instances.update("web", { labels: {} });
    await world.engines.resume("waiting");
    world.engines.crash("waiting");
    expect(tookOne(await clone("b"))).toBe(false);
  });

  it("is not refused or failed by one that cannot be taken: that is taken away and one is made", async () => {
    for (const fail of [
      () => world.engines.failNext("rename"),
      () => world.storage.failNext("rename"),
      () => world.network.failNext("rename"),
      () => world.engines.failNext("resume"),
      () => world.engines.failNext("containers", new DockersnapError("not_ready", "Its engine ended.")),
    ]) {
      await waits("waiting");
      fail();
      expect(await clone("copy")).toMatchObject({ status: "done" });
      expect(world.read("copy", "file")).toBe("then");
      expect(await world.engines.list()).toEqual(["copy", "web"]);
      expect(await world.network.list()).toEqual(["copy", "web"]);
      await world.did("delete", { name: "copy" });
      expect((await world.storage.list()).map(({ id }) => id)).toEqual(["web"]);
    }
  });
});

describe("a take that is disturbed", () => {
  const moments = ["begin", "acted", "journalled"] as const;
  const steps = ["take", "commit"];

  describe.each(steps)("at %s", (step) => {
    it.each(moments)("fails %s, and neither the clone nor what waited is left half way", async (moment) => {
      await waits("waiting");
      const operation = await world.failing({ step, moment }, "clone", taking);
      await expectWhole(operation.status === "done");
    });

    it.each(moments)("by the daemon's end %s, is done or wholly taken back by the next", async (moment) => {
      await waits("waiting");
      const operation = await world.dying({ step, moment }, "clone", taking);
      await expectWhole(operation.status === "done");
    });
  });

  async function expectWhole(done: boolean): Promise<void> {
    const there = done ? ["copy", "web"] : ["web"];
    const left = world.records.instances.all().map(({ name }) => name);
    // What was never begun on is as it was.
    const waiting = left.includes("waiting") ? ["waiting"] : [];
    const expected = [...there, ...waiting].sort();
    expect(left.sort()).toEqual(expected);
    expect(await world.engines.list()).toEqual(expected);
    expect(await world.network.list()).toEqual(expected);
    expect((await world.storage.list()).map(({ id }) => id)).toEqual(expected);
  }
});
