import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { EchoConnection, echoServer } from "../support/connection.ts";
import { Engine } from "../support/engine.ts";
import { bareInstance, hostPortOf } from "../support/instance.ts";
import { World } from "../support/world.ts";

let world: World;
let name: string;
let engine: Engine;

beforeAll(async () => {
  world = await World.start();
  ({ name, engine } = await bareInstance(world, "modes"));
  await engine.run({ name: "always", command: echoServer(7000), publish: ["7000:7000"], restart: "always" });
  await engine.run({ name: "kept", restart: "unless-stopped" });
  await engine.run({ name: "plain" });
  await world.client.instances.refreshPorts(name);
});
afterAll(() => world?.end());

const take = (label: string, mode: "live" | "paused" | "stopped", of = name) =>
  world.client.instances.snapshot(of, { label, mode });

const startTimes = () =>
  Promise.all(["always", "kept", "plain"].map(async (container) => (await engine.state(container)).StartedAt));

describe("a live snapshot", () => {
  it("leaves containers their start times and open connections alone", async () => {
    using connection = await EchoConnection.open(world, await hostPortOf(world, name, 7000));
    const before = await startTimes();
    expect(await connection.say("before")).toBe("before");
    expect(await take("live", "live")).toMatchObject({ mode: "live", atomic_ms: expect.any(Number) });
    expect(await connection.say("after")).toBe("after");
    expect(await startTimes()).toEqual(before);
  });

  it("holds what containers wrote until then and nothing they wrote later", async () => {
    await engine.exec("kept", "sh", "-c", "echo early > /word");
    await take("word", "live");
    await engine.exec("kept", "sh", "-c", "echo late > /word");
    const clone = world.name("reader");
    await world.client.instances.clone(name, { label: "word", new_name: clone });
    expect((await (await Engine.of(world, clone)).exec("kept", "cat", "/word")).output).toBe("early\n");
  });

  it("names what it cannot hold: bind mounts from outside and tmpfs", async () => {
    await engine.run({ name: "outside", volumes: ["/usr/share:/shared:ro"], tmpfs: ["/scratch"] });
    const { not_captured } = await take("outside", "live");
    expect(not_captured?.toSorted()).toEqual([
      "bind mount /usr/share at /shared of container 'outside'",
      "tmpfs at /scratch of container 'outside'",
    ]);
    await engine.remove("outside");
    expect(await take("inside", "live")).not.toHaveProperty("not_captured");
  });
});

describe("a paused snapshot", () => {
  it("tells how long the containers stood still, and lets them go on", async () => {
    using connection = await EchoConnection.open(world, await hostPortOf(world, name, 7000));
    const before = await startTimes();
    const { freeze_ms } = await take("paused", "paused");
    expect(freeze_ms).toBeGreaterThan(0);
    expect(freeze_ms).toBeLessThan(5_000);
    expect(await connection.say("thawed")).toBe("thawed");
    expect(await engine.exec("plain", "echo", "thawed")).toEqual({ code: 0, output: "thawed\n" });
    expect(await startTimes()).toEqual(before);
  });
});

describe("a stopped snapshot", () => {
  it("brings back every container that ran, with or without a restart policy, and no other", async () => {
    await engine.run({ name: "idle", restart: "unless-stopped" });
    await engine.stop("idle");
    const before = await startTimes();
    expect(await take("stopped", "stopped")).toMatchObject({ mode: "stopped" });
    const states = await Promise.all(["always", "kept", "plain", "idle"].map((container) => engine.state(container)));
    expect(states.map(({ Running }) => Running)).toEqual([true, true, true, false]);
    for (const [index, time] of (await startTimes()).entries()) expect(time).not.toBe(before[index]);
    using connection = await EchoConnection.open(world, await hostPortOf(world, name, 7000));
    expect(await connection.say("back")).toBe("back");
    await engine.remove("idle");
  });

  it("holds containers that were shut down cleanly", async () => {
    await engine.run({
      name: "tidy",
      command: ["sh", "-c", "trap '/bin/busybox touch /clean; exit 0' TERM; /bin/busybox sleep 1000000 & wait"],
      restart: "always",
    });
    await take("tidy", "stopped");
    const clone = world.name("tidy");
    await world.client.instances.clone(name, { label: "tidy", new_name: clone });
    expect((await (await Engine.of(world, clone)).exec("tidy", "ls", "/clean")).output).toBe("/clean\n");
    await engine.remove("tidy");
  });
});

it("takes a stopped instance as it is, whatever the mode, and goes back to it", async () => {
  const { name: other, engine: its } = await bareInstance(world, "still");
  await its.run({ name: "keeper", restart: "always" });
  await its.exec("keeper", "sh", "-c", "echo first > /word");
  await world.client.instances.stop(other);
  for (const mode of ["live", "paused", "stopped"] as const) {
    expect(await take(mode, mode, other)).not.toHaveProperty("freeze_ms");
  }
  expect((await world.client.instances.get(other)).status).toBe("stopped");
  await world.client.instances.start(other);
  await its.exec("keeper", "sh", "-c", "echo second > /word");
  await world.client.instances.revert(other, { label: "paused" });
  expect((await its.exec("keeper", "cat", "/word")).output).toBe("first\n");
});

it("refuses a label that is taken and keeps the snapshot that has it", async () => {
  const first = await take("taken", "live");
  await expect(take("taken", "live")).rejects.toMatchObject({ code: "already_exists" });
  const { status, ...kept } = first;
  expect(await world.client.instances.snapshots(name)).toContainEqual(kept);
});

it("lists each snapshot under the one the instance stood on", async () => {
  await take("parent", "live");
  expect(await take("child", "live")).toMatchObject({ parent: "parent" });
  await world.client.instances.deleteSnapshot(name, "parent");
  const snapshots = await world.client.instances.snapshots(name);
  expect(snapshots.map(({ label }) => label)).not.toContain("parent");
  expect(snapshots.find(({ label }) => label === "child")?.parent).not.toBe("parent");
});
