import { DockersnapError } from "@dockersnap/contract";
import { beforeEach, describe, expect, it } from "vitest";
import { StandbyKeeper } from "../../src/index.ts";
import { ManualClock } from "../../testing/index.ts";
import { World } from "../world.ts";

let world: World;
let clock: ManualClock;
let keeper: StandbyKeeper;

beforeEach(async () => {
  world = new World();
  clock = new ManualClock();
  await world.did("create", { name: "web" });
  await world.did("snapshot", { name: "web", label: "golden" });
  const { context, operations } = world.daemon;
  keeper = new StandbyKeeper({ platform: { ...context.platform, clock }, specs: context.specs, operations });
  keeper.start();
  return () => keeper.stop();
});

const set = (count: number, label = "golden") => world.did("set-standby", { name: "web", label, count });
const waiting = () => world.records.instances.all().filter(({ purpose }) => purpose === "standby");

/** Everything it does about what is there now has been done. */
async function looked(): Promise<void> {
  keeper.wake();
  for (let turn = 0; turn < 50; turn += 1) await clock.advance(0);
}

function problem(): string | undefined {
  const [standby] = world.records.standbys.all();
  return standby === undefined ? undefined : keeper.problemOf(standby);
}

it("makes as many as are wanted, and takes away those that are not any more", async () => {
  await set(2);
  await looked();
  expect(waiting().map(({ phase }) => phase)).toEqual(["ready", "ready"]);
  expect(problem()).toBeUndefined();
  await set(1);
  await looked();
  expect(waiting()).toHaveLength(1);
  await world.did("remove-standby", { name: "web", label: "golden" });
  await looked();
  expect(waiting()).toEqual([]);
  expect(await world.engines.list()).toEqual(["web"]);
});

it("replaces one that was taken, one whose engine ended, and one that is no longer as its source is", async () => {
  await set(1);
  await looked();
  const [first] = waiting();
  await world.did("clone", { source: "web", label: "golden", name: "copy", standby: first?.name });
  await looked();
  const [second] = waiting();
  expect(second?.name).not.toBe(first?.name);
  await world.engines.resume(second?.name ?? "");
  world.engines.crash(second?.name ?? "");
  await looked();
  const [third] = waiting();
  expect(third?.name).not.toBe(second?.name);
  world.records.instances.update("web", { labels: { team: "new" } });
  await looked();
  expect(waiting()).toMatchObject([{ labels: { team: "new" } }]);
});

it("replaces those that were made to wait in another way", async () => {
  await set(1);
  await looked();
  const [before] = waiting();
  await set(1);
  await looked();
  expect(waiting()).toEqual([before]);
  await world.did("set-standby", { name: "web", label: "golden", count: 1, frozen: false });
  await looked();
  const [after] = waiting();
  expect(after?.name).not.toBe(before?.name);
  expect(world.engines.isSuspended(after?.name ?? "")).toBe(false);
});

it("takes them away with their snapshot and with their instance", async () => {
  await set(1);
  await looked();
  await world.did("remove-snapshot", { name: "web", label: "golden" });
  await looked();
  expect(waiting()).toEqual([]);
  await world.did("snapshot", { name: "web", label: "golden" });
  await set(1);
  await looked();
  await world.did("delete", { name: "web" });
  await looked();
  expect(world.records.instances.all()).toEqual([]);
  expect(await world.engines.list()).toEqual([]);
});

it("tries again later, and less and less often, what could not be made, and says why meanwhile", async () => {
  const fail = () => world.engines.failNext("start", new DockersnapError("not_ready", "dockerd ended with code 1."));
  fail();
  fail();
  await set(1);
  await looked();
  expect(waiting()).toEqual([]);
  expect(problem()).toBe("dockerd ended with code 1.");
  await clock.advance(4_999);
  await looked();
  expect(problem()).toBe("dockerd ended with code 1.");
  await clock.advance(1);
  await looked();
  expect(waiting()).toEqual([]);
  await clock.advance(14_000);
  await looked();
  expect(waiting()).toEqual([]);
  await clock.advance(1_000);
  await looked();
  expect(waiting()).toHaveLength(1);
  expect(problem()).toBeUndefined();
});

describe("the operator's limits", () => {
  it("refuse more than may wait in all", async () => {
    await world.did("snapshot", { name: "web", label: "other" });
    await set(3);
    await expect(set(2, "other")).rejects.toMatchObject({ code: "wrong_state", details: { max_count: 4, others: 3 } });
    await set(1, "other");
  });

  it("hold one back that would need more memory than those that wait may hold", async () => {
    world.engines.memoryOfEach = 400 * 1024 * 1024;
    await set(3);
    await looked();
    expect(waiting()).toHaveLength(2);
    expect(problem()).toMatch(/hold 800 MiB of memory; with 400 MiB for another .* 1.0 GiB of standby.max_memory/);
  });

  it("hold one back while the pool is nearly full", async () => {
    world.storage.total = 1;
    await set(1);
    await looked();
    expect(waiting()).toEqual([]);
    expect(problem()).toMatch(/^The pool is nearly full/);
    world.storage.total = 2 ** 40;
    await clock.advance(30_000);
    await looked();
    expect(waiting()).toHaveLength(1);
  });
});

it("finds those of the last daemon again, held still as they were", async () => {
  await set(2);
  await looked();
  const before = waiting().map(({ name }) => name);
  await world.restart();
  expect(waiting().map(({ name }) => name)).toEqual(before);
  for (const name of before) expect(world.engines.isSuspended(name)).toBe(true);
});
