import { describe, expect, it } from "vitest";
import { InstanceProbe } from "../../src/index.ts";
import { ManualClock } from "../../testing/index.ts";
import { container, World } from "../world.ts";

const never = new AbortController().signal;

/** A running instance with these containers, and what it is asked by. */
async function asked(plugin?: { healthy: boolean }, ...containers: ReturnType<typeof container>[]) {
  const world = new World();
  const clock = new ManualClock();
  world.plugins.add("db", plugin === undefined ? {} : { health: () => plugin });
  const workload = plugin === undefined ? {} : { workload_inline: { plugin: "db" } };
  await world.did("create", { name: "web", ...workload });
  world.engines.setContainers("web", containers);
  const { platform, workloads } = world.daemon.context;
  const again: string[] = [];
  const answersAgain = (name: string) => void again.push(name);
  const probe = new InstanceProbe({ ...platform, workloads, clock, watchMs: 10_000, answersAgain });
  const record = world.records.instances.get("web");
  if (record === undefined) throw new Error("The instance has no record.");
  return { world, clock, probe, again, ask: () => probe.ask(record, never) };
}

const db = container({ name: "db" });
const ago = (clock: ManualClock, ms: number) => new Date(clock.now().getTime() - ms).toISOString();

describe("a container that Docker started again", () => {
  it("fails whatever the plugin says, as long as it has not stayed up for a while", async () => {
    const { world, clock, ask } = await asked({ healthy: true }, db);
    expect(await ask()).toMatchObject({ healthy: true });
    world.engines.setVitals(db.id, { restartCount: 3, startedAt: ago(clock, 500) });
    const failed = { name: "container db", ok: false, message: "ended and was started again, 3 times so far" };
    expect(await ask()).toMatchObject({ healthy: false, status: "unhealthy", checks: [failed] });
    expect(await ask()).toMatchObject({ healthy: false });
    await clock.advance(10_000);
    expect(await ask()).toMatchObject({ healthy: true });
  });

  it("fails when that was since the last look, however long it runs by now", async () => {
    const { world, clock, ask } = await asked({ healthy: true }, db);
    world.engines.setVitals(db.id, { restartCount: 1, startedAt: ago(clock, 20_000) });
    expect(await ask()).toMatchObject({ healthy: true });
    world.engines.setVitals(db.id, { restartCount: 2, startedAt: ago(clock, 15_000) });
    expect(await ask()).toMatchObject({ healthy: false });
    expect(await ask()).toMatchObject({ healthy: true });
  });
});

describe("without a workload", () => {
  it.each([
    ["healthy", { health: "healthy" }, { healthy: true, checks: [{ name: "container db", ok: true }] }],
    ["unhealthy", { health: "unhealthy" }, { healthy: false, message: "container db: its health check fails" }],
    ["unhealthy, though nothing brings it back", { health: "unhealthy", restartPolicy: "no" }, { healthy: false }],
    ["starting", { health: "starting" }, { healthy: false, status: "starting", uncounted: true }],
    ["not there", {}, { healthy: true, unchecked: true }],
    ["not there, and it ends soon after each start", { state: "restarting" }, { healthy: false, status: "unhealthy" }],
  ] as const)("a health check of Docker's own counts: %s", async (_, vitals, expected) => {
    const { world, ask } = await asked(undefined, db);
    world.engines.setVitals(db.id, vitals);
    expect(await ask()).toMatchObject(expected);
  });

  it("says so when its engine does not answer", async () => {
    const { world, ask } = await asked(undefined, db);
    world.engines.failNext("containers");
    expect(await ask()).toMatchObject({ healthy: false, checks: [{ name: "engine", ok: false }] });
  });
});

describe.each([
  ["with a workload", { healthy: true }],
  ["without a workload", undefined],
])("an engine that hangs, %s", (_, plugin) => {
  it("fails after ten seconds, and is told of as soon as it answers again", async () => {
    const { world, clock, again, ask } = await asked(plugin, db);
    await world.engines.suspend("web");
    const [first] = [ask(), await clock.advance(10_000)];
    const message = expect.stringMatching(/'web' has not answered for 10 seconds.*'dockersnap restart web'/);
    expect(await first).toMatchObject({ healthy: false, checks: [{ name: "engine", ok: false, message }] });
    expect(again).toEqual([]);

    await world.engines.resume("web");
    await expect.poll(() => again).toEqual(["web"]);
    expect(await ask()).toMatchObject({ healthy: true });
  });

  it("is waited for no longer once it is forgotten or the daemon stops", async () => {
    const { world, clock, probe, again, ask } = await asked(plugin, db);
    await world.engines.suspend("web");
    for (const end of [() => probe.forget("web"), () => probe.stop()]) {
      const [silent] = [ask(), await clock.advance(10_000)];
      expect(await silent).toMatchObject({ healthy: false });
      end();
    }
    await world.engines.resume("web");
    expect(await ask()).toMatchObject({ healthy: true });
    expect(again).toEqual([]);
  });
});
