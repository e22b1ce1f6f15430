import { afterAll, beforeAll, expect, it } from "vitest";
import type { Engine } from "../support/engine.ts";
import { bareInstance } from "../support/instance.ts";
import { dockerdPid, killAndWait, sandboxPid } from "../support/processes.ts";
import { World } from "../support/world.ts";

let world: World;
let name: string;
let engine: Engine;

/** Loaded before the daemon: the kernel's answer to a process of a user that has no inotify instance left. */
const withoutWatches = `
  import fs from "node:fs";
  import { syncBuiltinESMExports } from "node:module";
  fs.watch = () => { throw Object.assign(new Error("EMFILE: too many open files, watch"), { code: "EMFILE" }); };
  syncBuiltinESMExports();`;

beforeAll(async () => {
  world = await World.start();
  ({ name, engine } = await bareInstance(world, "unwatched"));
  await engine.run({ name: "plain" });
  await world.stopDaemon();
});
afterAll(() => world?.end());

it("leaves a running engine and its containers alone when the daemon cannot watch files", async () => {
  const before = await engine.state("plain");
  const dockerd = dockerdPid(world, name);
  await world.startDaemon({ NODE_OPTIONS: `--import data:text/javascript,${encodeURIComponent(withoutWatches)}` });
  expect(await engine.state("plain")).toEqual(before);
  expect(dockerdPid(world, name)).toBe(dockerd);
  expect(world.logTail(200)).not.toContain("started anew");
});

it("still brings back a dockerd that ends, starts and stops engines, and sees the end of one", async () => {
  const before = await engine.state("plain");
  await killAndWait(dockerdPid(world, name));
  await expect.poll(() => engine.state("plain").catch(() => undefined), { timeout: 30_000 }).toEqual(before);

  await world.client.instances.restart(name);
  const sandbox = await sandboxPid(world, name);
  await killAndWait(sandbox);
  await expect.poll(() => sandboxPid(world, name).catch(() => sandbox), { timeout: 30_000 }).not.toBe(sandbox);
  const operation = async () => (await world.client.instances.get(name)).operation;
  await expect.poll(operation, { timeout: 30_000 }).toBeUndefined();
  await world.client.instances.stop(name);
  expect((await world.client.instances.get(name)).status).toBe("stopped");
});
