import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { leftovers } from "../support/audit.ts";
import { cli } from "../support/cli.ts";
import type { Engine } from "../support/engine.ts";
import { bareInstance } from "../support/instance.ts";
import { dockerdPid } from "../support/processes.ts";
import { World } from "../support/world.ts";

const within = { timeout: 30_000 };

let world: World;
let name: string;
let engine: Engine;
let socket: string;
beforeAll(async () => {
  world = await World.start();
  ({ name, engine } = await bareInstance(world, "files"));
  await engine.run({ name: "web" });
  ({ socket } = await world.client.instances.get(name));
});
afterAll(() => world?.end());

const doctor = async () => (await cli(world, "doctor", "--config", world.configFile)).stdout;

/** A fresh connection to the engine's socket is answered; one that is open would be without it too. */
async function reached(): Promise<void> {
  const answer = async () => (await cli(world, "docker", name, "--", "ps", "--format", "{{.Names}}")).stdout;
  await expect.poll(() => existsSync(socket), within).toBe(true);
  await expect.poll(answer, within).toBe("web\n");
}

it("puts the socket of a running engine back, without a restart of anything", async () => {
  const before = await engine.state("web");
  rmSync(socket);
  await reached();
  expect(await engine.state("web")).toEqual(before);
  expect(world.logTail(5000)).toContain("something removed files of a running engine, and they were put back");
});

it("puts the socket back that dockerd made when it was started again", async () => {
  await world.client.instances.restart(name);
  await engine.start("web");
  for (let time = 0; time < 2; time += 1) {
    rmSync(socket);
    await reached();
  }
});

it("puts back what the next daemon finds a running engine by, which is then taken up as it is", async () => {
  const { StartedAt } = await engine.state("web");
  const record = join(world.runDir, name, "sandbox.json");
  for (const file of [record, join(world.runDir, `${name}.pid`)]) {
    const text = readFileSync(file, "utf8");
    rmSync(file);
    // A change beside the engine's own folder wakes the watch.
    if (file === record) rmSync(socket);
    await expect.poll(() => existsSync(file) && readFileSync(file, "utf8"), within).toBe(text);
  }
  await world.killDaemon();
  await world.startDaemon();
  expect(await engine.state("web")).toMatchObject({ Running: true, StartedAt });
});

it("is told of by doctor while no daemon runs, and the next one puts it right without a restart of anything", async () => {
  const dockerd = dockerdPid(world, name);
  await world.killDaemon();
  rmSync(socket);
  expect(await doctor()).toContain(`${name} runs, and its socket ${socket} is missing`);
  await world.startDaemon();
  await reached();
  expect(dockerdPid(world, name)).toBe(dockerd);
  expect(await doctor()).not.toContain(`${name} runs, and its socket`);
});

it("leaves nothing of an engine that is stopped, renamed or deleted", async () => {
  const { name: other } = await bareInstance(world, "gone");
  const files = () => leftovers(other).filter((line) => line.includes(world.runDir));
  await world.client.instances.stop(other);
  expect(files()).toEqual([]);
  await world.client.instances.start(other);
  await world.client.instances.delete(other);
  expect(leftovers(other)).toEqual([]);
});
