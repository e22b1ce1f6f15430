import { closeSync, mkdirSync, openSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { run } from "@dockersnap/host";
import { afterAll, beforeAll, expect, it } from "vitest";
import { cli } from "../support/cli.ts";
import type { Engine } from "../support/engine.ts";
import { bareInstance } from "../support/instance.ts";
import { World } from "../support/world.ts";

const MiB = 1024 * 1024;

let world: World;
let name: string;
let engine: Engine;

beforeAll(async () => {
  world = await World.start({ poolBytes: 1024 * MiB });
  ({ name, engine } = await bareInstance(world, "small"));
  await engine.run({ name: "writer", restart: "always", volumes: ["data:/data"] });
  await engine.exec("writer", "sh", "-c", "echo kept > /data/word");
  await world.client.instances.snapshot(name, { label: "s1" });
});
afterAll(() => world?.end());

const word = async () => (await engine.exec("writer", "cat", "/data/word")).output;

/** What `act` is refused with for want of space; undefined when it is not. */
function refusedForSpace(act: () => void): boolean {
  try {
    act();
    return false;
  } catch (error) {
    expect(error).toMatchObject({ code: "ENOSPC" });
    return true;
  }
}

/**
 * Fill the pool with small files until the kernel takes no more, with hundreds of MiB free for data: those were allocated to
 * data first, and every second piece of them is given back.
 */
async function fillMetadata(folder: string): Promise<void> {
  mkdirSync(folder);
  const pieces: string[] = [];
  for (;;) {
    const piece = join(folder, `piece-${pieces.length}`);
    const answer = await run("fallocate", ["-l", String(8 * MiB), piece]).catch((error: unknown) => error);
    if (answer instanceof Error) break;
    pieces.push(piece);
  }
  pieces.forEach((piece, index) => {
    if (index % 2 === 0) rmSync(piece);
  });
  // The target of a link lies in the metadata, beside its name.
  const target = "x".repeat(4000);
  for (let count = 0, isFull = false; !isFull; count += 1) {
    isFull = refusedForSpace(() => symlinkSync(target, join(folder, `link-${count}`)));
  }
  // What a commit reserved and did not need is free after it, to be filled with empty ones.
  await run("sync", ["-f", folder]).catch(() => undefined);
  for (let count = 0, isFull = false; !isFull; count += 1) {
    isFull = refusedForSpace(() => closeSync(openSync(join(folder, `empty-${count}`), "w")));
  }
}

it("refuses what needs metadata before anything is touched, while data has room; deletes and stops still work", async () => {
  const act = world.client.instances;
  const spare = world.name("spare");
  await act.clone(name, { label: "s1", new_name: spare });
  await fillMetadata(join(world.tree(name), "volumes/data/_data/many"));

  const pool = await world.client.pool.get();
  expect(pool).toMatchObject({ state: "full", what: "metadata", advice: expect.stringContaining("pool grow") });
  expect(pool.free_bytes).toBeGreaterThan(pool.reserve_bytes);
  const before = { instances: await act.list(), operations: await world.client.operations.list() };
  const refused = {
    code: "no_space",
    message: expect.stringMatching(/The pool has \S+ \S+ of \S+ \S+ left for metadata .*, too little to/),
    details: expect.objectContaining({ what: "metadata" }),
  };
  await expect(act.create({ name: world.name("new") })).rejects.toMatchObject(refused);
  await expect(act.clone(name, { label: "s1", new_name: world.name("new") })).rejects.toMatchObject(refused);
  await expect(act.snapshot(name, { label: "s2" })).rejects.toMatchObject(refused);
  await expect(act.revert(name, { label: "s1" })).rejects.toMatchObject(refused);
  await expect(act.revert(name, { label: "s1", only: ["volume:data"] })).rejects.toMatchObject(refused);
  expect(await act.list()).toEqual(before.instances);
  expect(await world.client.operations.list()).toEqual(before.operations);
  expect(await word()).toBe("kept\n");

  const shown = await cli(world, "pool");
  expect(shown.stdout).toMatch(/^State +full$/m);
  expect(shown.stderr).toContain("The pool's metadata space is full");
  const doctor = await cli(world, "doctor", "--config", world.configFile);
  expect(doctor).toMatchObject({
    code: 1,
    stdout: expect.stringMatching(
      /ok +pool +\d[\s\S]*!! +pool: metadata[^\n]*\n +It is full, and nothing new is begun/,
    ),
  });

  await act.stop(spare);
  await act.delete(spare);
  await act.deleteSnapshot(name, "s1");
  await act.stop(name);
  // The deletes gave some back.
  await fillMetadata(join(world.tree(name), "volumes/data/_data/more"));
  await expect(act.start(name)).rejects.toMatchObject({
    code: "no_space",
    message: expect.stringMatching(
      /^The pool has .* left for metadata .*, too little to start .*'dockersnap pool grow'/,
    ),
    details: expect.objectContaining({ what: "metadata" }),
  });
  await world.restartDaemon();
  expect(await act.list()).toMatchObject([{ name, status: "stopped" }]);

  expect((await cli(world, "pool", "grow", "+512M")).code).toBe(0);
  await act.start(name);
  expect(await word()).toBe("kept\n");
  await act.snapshot(name, { label: "s2" });
  await act.revert(name, { label: "s2" });
  await act.delete(name);
});
