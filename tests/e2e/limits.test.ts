import { afterAll, beforeAll, expect, it } from "vitest";
import { cli } from "../support/cli.ts";
import { Engine } from "../support/engine.ts";
import { powerCut, settled } from "../support/reboot.ts";
import { World } from "../support/world.ts";

const MiB = 1024 * 1024;

let world: World;
let neighbour: Engine;

beforeAll(async () => {
  world = await World.start();
  const name = world.name("neighbour");
  await world.client.instances.create({ name });
  neighbour = await Engine.of(world, name);
  await neighbour.run({ name: "box" });
});
afterAll(() => world?.end());

const hog = (engine: Engine, mib: number) =>
  engine.exec("box", "dd", "if=/dev/zero", "of=/dev/null", `bs=${mib}M`, "count=1");

/** Write so much that nobody has written before, and have it on disk. */
const write = (engine: Engine, file: string, mib: number) =>
  engine.exec("box", "dd", "if=/dev/urandom", `of=/data/${file}`, "bs=1M", `count=${mib}`, "conv=fsync");

const full = /quota exceeded|No space left/i;

it("bounds the memory of an instance as it runs, and ends what goes beyond it and nobody else", async () => {
  const name = world.name("memory");
  await world.client.instances.create({ name });
  const engine = await Engine.of(world, name);
  await engine.run({ name: "box", restart: "always", tmpfs: ["/held"] });
  expect((await hog(engine, 500)).code).toBe(0);

  const { stdout } = await cli(world, "limit", name, "--memory", "320m");
  expect(stdout).toMatch(/^Memory +\d+ MiB used of 320 MiB$/m);
  const before = await engine.state("box");
  expect((await hog(engine, 500)).code).toBe(137);
  expect(await engine.state("box")).toEqual(before);
  expect((await hog(neighbour, 500)).code).toBe(0);

  // The same after the engine, and after the daemon, was started again.
  await world.client.instances.restart(name);
  await world.restartDaemon();
  expect((await hog(engine, 500)).code).toBe(137);

  // What is in a file system in memory cannot be dropped.
  expect((await engine.exec("box", "dd", "if=/dev/zero", "of=/held/file", "bs=1M", "count=160")).code).toBe(0);
  const refused = await cli(world, "limit", name, "--memory", "192m", "--cpus", "1");
  expect(refused.code).not.toBe(0);
  expect(refused.stderr).toMatch(/holds \d+ MiB of memory, more than the new limit of 192 MiB/);
  expect((await world.client.instances.get(name)).limits).toEqual({ memory: 320 * MiB });
  await world.client.instances.change(name, { limits: { memory: null, cpus: null } });
  expect((await hog(engine, 500)).code).toBe(0);
  expect(await world.client.instances.get(name)).not.toHaveProperty("limits");
  await world.client.instances.delete(name);
});

it("leaves an engine with the least that can be asked for able to do its work, also when it comes up again", async () => {
  const name = world.name("least");
  const create = (memory: string, pids: string) => cli(world, "create", name, "--memory", memory, "--pids", pids);
  expect(await create("191m", "128")).toMatchObject({ code: 2 });
  expect(await create("192m", "127")).toMatchObject({ code: 2 });
  expect(await create("192m", "128")).toMatchObject({ code: 0 });
  const engine = await Engine.of(world, name);
  for (const box of ["one", "two"]) await engine.run({ name: box, restart: "always" });
  await world.client.instances.restart(name);
  for (const box of ["one", "two"]) expect(await engine.state(box)).toMatchObject({ Status: "running" });
  await engine.run({ name: "task", command: ["true"] });
  expect(await engine.json("POST", "/containers/task/wait")).toMatchObject({ StatusCode: 0 });
  expect((await cli(world, "limit", name, "--cpus", "1000")).stderr).toContain(`'${name}' cannot have 1000 CPUs`);
  expect((await world.client.instances.get(name)).limits).toEqual({ memory: 192 * MiB, pids: 128 });
  await world.client.instances.delete(name);
});

it("bounds the processes of an instance, clones and reverted ones too", async () => {
  const name = world.name("pids");
  await world.client.instances.create({ name });
  const engine = await Engine.of(world, name);
  await engine.run({ name: "box", restart: "always" });
  await world.client.instances.change(name, { limits: { pids: 150 } });
  await world.client.instances.snapshot(name, { label: "s" });
  await world.client.instances.revert(name, { label: "s" });
  const clone = world.name("pids-clone");
  await cli(world, "clone", `${name}@s`, clone, "--pids", "200");

  for (const [instance, bound] of [
    [name, 150],
    [clone, 200],
  ] as const) {
    const inside = await Engine.of(world, instance);
    const flood = "for i in $(/bin/busybox seq 300); do /bin/busybox sleep 1000 & done; echo all of them";
    const { output } = await inside.exec("box", "sh", "-c", flood);
    expect(output).toContain("Resource temporarily unavailable");
    const { used, limits } = await world.client.instances.get(instance);
    expect(limits).toEqual({ pids: bound });
    expect(used?.pids).toBeLessThanOrEqual(bound);
    expect(used?.pids).toBeGreaterThan(bound - 60);
  }
  expect((await neighbour.exec("box", "echo", "here")).output).toBe("here\n");
  for (const instance of [name, clone]) await world.client.instances.delete(instance);
});

it("bounds the processor time of an instance", async () => {
  const name = world.name("cpus");
  await world.client.instances.create({ name });
  const engine = await Engine.of(world, name);
  await engine.run({ name: "box" });
  await world.client.instances.change(name, { limits: { cpus: 0.25 } });
  const taken = async () => (await world.client.instances.get(name)).used?.cpu_seconds ?? Number.NaN;
  const [since, before] = [performance.now(), await taken()];
  const spin = "while :; do :; done & while :; do :; done & /bin/busybox sleep 4; kill %1 %2";
  await engine.exec("box", "sh", "-c", spin);
  const [seconds, used] = [(performance.now() - since) / 1000, (await taken()) - before];
  // The kernel hands the time out in tenths of a second, so a share more at either end.
  expect(used).toBeLessThan(0.25 * seconds + 0.2);
  expect(used).toBeGreaterThan(0);
  await world.client.instances.delete(name);
});

it("bounds what an instance writes: at its limit it alone has no space, and can be restarted, reverted and deleted", async () => {
  const name = world.name("disk");
  const created = await cli(world, "create", name, "--disk", "128m");
  expect(created.code).toBe(0);
  const engine = await Engine.of(world, name);
  await engine.run({ name: "box", restart: "always", volumes: ["data:/data"] });
  await world.client.instances.snapshot(name, { label: "empty" });
  expect((await write(engine, "half", 60)).code).toBe(0);

  const beyond = await write(engine, "beyond", 200);
  expect(beyond.code).not.toBe(0);
  expect(beyond.output).toMatch(full);
  expect((await neighbour.exec("box", "dd", "if=/dev/urandom", "of=/far", "bs=1M", "count=200")).code).toBe(0);
  const { used } = await world.client.instances.get(name);
  expect(used?.disk_bytes).toBeGreaterThan(100 * MiB);
  expect(used?.disk_bytes).toBeLessThanOrEqual(128 * MiB);
  expect((await cli(world, "status", name)).stdout).toMatch(/^Disk +12\d MiB written of 128 MiB$/m);

  // At its limit it can be kept and started again, with its data, and is at it still; after a power cut as well.
  await world.client.instances.snapshot(name, { label: "full" });
  const sum = () => engine.exec("box", "md5sum", "/data/half");
  const before = await sum();
  expect(before.code).toBe(0);
  await world.client.instances.restart(name);
  expect(await sum()).toEqual(before);
  expect((await write(engine, "more", 30)).output).toMatch(full);
  await powerCut(world);
  await world.startDaemon();
  await settled(world);
  expect(await sum()).toEqual(before);
  expect((await write(engine, "more", 30)).output).toMatch(full);

  await world.client.instances.change(name, { limits: { disk: 256 * MiB } });
  expect((await write(engine, "more", 60)).code).toBe(0);
  await world.client.instances.change(name, { limits: { disk: 128 * MiB } });
  await world.client.instances.revert(name, { label: "empty" });
  expect((await write(engine, "again", 60)).code).toBe(0);
  expect((await write(engine, "beyond", 200)).output).toMatch(full);

  const clone = world.name("disk-clone");
  await world.client.instances.clone(name, { label: "empty", new_name: clone });
  const copy = await Engine.of(world, clone);
  expect((await write(copy, "beyond", 200)).output).toMatch(full);
  await cli(world, "limit", clone, "--disk", "none");
  expect((await write(copy, "beyond", 200)).code).toBe(0);
  for (const instance of [name, clone]) await world.client.instances.delete(instance);
});
