import { statSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { cli } from "../support/cli.ts";
import { EchoConnection, echoServer } from "../support/connection.ts";
import { Engine } from "../support/engine.ts";
import { bareInstance, hostPortOf } from "../support/instance.ts";
import { dockerdPid } from "../support/processes.ts";
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

describe("an engine that hangs", () => {
  it("keeps a live snapshot from nothing: it is taken at once, and warns", async () => {
    const { name: other, engine: its } = await bareInstance(world, "hangs");
    await its.run({ name: "outside", volumes: ["/usr/share:/shared:ro"] });
    const dockerd = dockerdPid(world, other);
    process.kill(dockerd, "SIGSTOP");
    try {
      const taken = await cli(world, "snapshot", `${other}@hung`);
      expect(taken).toMatchObject({ code: 0, stderr: expect.stringContaining(`engine of '${other}' does not answer`) });
      expect(taken.stderr).toContain("bind mount /usr/share at /shared of container 'outside'");
    } finally {
      process.kill(dockerd, "SIGCONT");
    }
    expect((await world.client.instances.snapshots(other)).map(({ label }) => label)).toEqual(["hung"]);
    await world.client.instances.revert(other, { label: "hung" });
  });

  it("is started again by a restart, with its containers", async () => {
    const { name: other, engine: its } = await bareInstance(world, "stuck");
    await its.run({ name: "kept", restart: "always" });
    process.kill(dockerdPid(world, other), "SIGSTOP");
    expect(await cli(world, "restart", other)).toMatchObject({ code: 0 });
    await expect.poll(async () => (await its.state("kept")).Status, { timeout: 60_000 }).toBe("running");
  });
});

describe("what lies outside an instance", () => {
  it("is named at snapshot, in lists, status, diff and clone, also of volumes with options", async () => {
    const { name: other, engine: its } = await bareInstance(world, "outer");
    await its.json("POST", "/volumes/create", {
      Name: "memory",
      DriverOpts: { type: "tmpfs", device: "tmpfs", o: "size=1m" },
    });
    await its.json("POST", "/volumes/create", {
      Name: "host",
      DriverOpts: { type: "none", device: "/usr/share", o: "bind" },
    });
    const { socket } = await world.client.instances.get(other);
    await its.run({
      name: "user",
      volumes: ["memory:/memory", "host:/host:ro", "/usr/share:/shared:ro", `${socket}:/var/run/docker.sock`],
      restart: "always",
    });
    const named = [
      "volume 'host', which is the host's /usr/share",
      "volume 'memory', which is a tmpfs",
      "bind mount /usr/share at /shared of container 'user'",
    ];
    const acts = world.client.instances;
    expect((await take("outer", "live", other)).not_captured).toEqual(named);
    expect((await acts.get(other)).not_captured).toEqual(named);
    expect((await acts.diff(other, {})).not_captured).toEqual(named);
    const copy = world.name("outercopy");
    expect((await acts.clone(other, { label: "outer", new_name: copy })).not_captured).toEqual(named);
    for (const words of [
      ["snapshots", other],
      ["status", other],
      ["diff", other],
    ]) {
      const { stdout, stderr } = await cli(world, ...words);
      for (const sentence of named) expect(`${stdout}${stderr}`).toContain(sentence);
    }
    await acts.stop(other);
    expect((await take("down", "live", other)).not_captured).toEqual(named);
    await acts.start(other);

    // A container that drives its engine by the socket's path on the host drives its own in a clone.
    const itsCopy = await Engine.of(world, copy);
    const inode = async (of: Engine) =>
      (await of.exec("user", "stat", "-c", "%i", "/var/run/docker.sock")).output.trim();
    const { socket: copySocket } = await acts.get(copy);
    expect(copySocket).not.toBe(socket);
    expect(await inode(itsCopy)).toBe(String(statSync(copySocket).ino));
    const { Mounts } = (await itsCopy.json("GET", "/containers/user/json")) as { Mounts: { Source: string }[] };
    expect(Mounts.map(({ Source }) => Source)).toContain(copySocket);
    expect(Mounts.map(({ Source }) => Source)).not.toContain(socket);
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

  it("has every container in the state it was in afterwards, whatever its restart policy", async () => {
    const names = ["always", "plain", "off", "ended", "still", "fresh"];
    await engine.run({ name: "off", restart: "always" });
    await engine.stop("off");
    await engine.run({ name: "ended", command: ["true"] });
    await engine.run({ name: "still", restart: "always" });
    await engine.json("POST", "/containers/still/pause");
    await engine.run({ name: "fresh", restart: "always", start: false });
    const states = async () => {
      const all = await Promise.all(
        names.map(async (container) => [container, await engine.state(container)] as const),
      );
      return Object.fromEntries(all.map(([container, { Status, ExitCode }]) => [container, `${Status} ${ExitCode}`]));
    };
    const before = await states();
    expect(before).toMatchObject({ off: expect.stringMatching(/^exited/), still: "paused 0", fresh: "created 0" });

    await take("states", "stopped");
    expect(await states()).toEqual(before);
    await take("states-paused", "paused");
    expect(await states()).toEqual(before);
    // Their policies are their own again: Docker starts what is always to run with its engine.
    await world.client.instances.restart(name);
    expect((await engine.state("off")).Running).toBe(true);

    for (const container of ["off", "ended", "still", "fresh"]) await engine.remove(container);
    await world.client.instances.restart(name);
    await engine.start("plain");
  });

  it("stops nothing where Docker would remove a container that is stopped", async () => {
    await engine.run({ name: "fleeting", autoRemove: true });
    const { StartedAt } = await engine.state("plain");
    await expect(take("fleeting", "stopped")).rejects.toMatchObject({
      code: "wrong_state",
      message: expect.stringMatching(/^Container 'fleeting' of '.+' was started with --rm, .*--mode paused/),
    });
    expect(await engine.state("fleeting")).toMatchObject({ Running: true });
    expect(await engine.state("plain")).toMatchObject({ StartedAt });
    await take("fleeting-paused", "paused");
    expect(await engine.state("fleeting")).toMatchObject({ Running: true });
    await engine.remove("fleeting");
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
