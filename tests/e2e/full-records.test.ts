import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import { run } from "@dockersnap/host";
import { afterAll, beforeAll, expect, it } from "vitest";
import { cli } from "../support/cli.ts";
import type { Engine } from "../support/engine.ts";
import { bareInstance } from "../support/instance.ts";
import { World } from "../support/world.ts";

let world: World;
let disks: string;
let name: string;
let engine: Engine;

/** The records on a small disk of their own, and instances on another. */
beforeAll(async () => {
  world = await World.prepare();
  // Not below the world's own folder, and without its mark: that is removed and looked for while these are mounted.
  disks = mkdtempSync("/var/tmp/dockersnap-disks-");
  for (const folder of ["records", "pool"]) mkdirSync(join(disks, folder), { recursive: true });
  const image = join(disks, "pool.img");
  await run("truncate", ["-s", "1G", image]);
  await run("mkfs.btrfs", ["--quiet", image]);
  await run("mount", ["-o", "loop", image, join(disks, "pool")]);
  await run("mount", ["-t", "tmpfs", "-o", "size=128m", "tmpfs", join(disks, "records")]);
  world.writeConfig({ state_dir: join(disks, "records/state"), btrfs: { size: "1G", path: join(disks, "pool") } });
  await world.startDaemon();
  ({ name, engine } = await bareInstance(world, "on"));
  await engine.run({ name: "box", restart: "always" });
  await world.client.instances.snapshot(name, { label: "s1" });
});
afterAll(async () => {
  try {
    await world?.end();
  } finally {
    for (const folder of ["records", "pool"]) await run("umount", [join(disks, folder)]).catch(() => undefined);
    rmSync(disks, { recursive: true, force: true });
  }
});

/** Take the last byte of the disk with the records, as anything else on it can. */
function fillRecordsDisk(): void {
  const file = openSync(join(disks, "records/bulk"), "a");
  try {
    for (const block of [1024 * 1024, 4096, 1]) {
      const bytes = Buffer.alloc(block, "x");
      try {
        for (;;) writeSync(file, bytes);
      } catch (error) {
        expect(error).toMatchObject({ code: "ENOSPC" });
      }
    }
  } finally {
    closeSync(file);
  }
}

it("is told apart from a full pool; stops and deletes work, also by a daemon that starts with it", async () => {
  const act = world.client.instances;
  const spare = world.name("spare");
  await act.clone(name, { label: "s1", new_name: spare });
  fillRecordsDisk();

  const { pool, records } = await world.client.health();
  expect(pool).toMatchObject({ state: "ok" });
  const place = { mountpoint: join(disks, "records") };
  expect(records).toMatchObject({ state: "full", ...place });
  const before = await act.list();
  const refused = {
    code: "no_space",
    message: expect.stringContaining(`The disk mounted at ${place.mountpoint}, which holds the records`),
    details: expect.objectContaining({ what: "records", ...place }),
  };
  await expect(act.create({ name: world.name("new") })).rejects.toMatchObject(refused);
  await expect(act.clone(name, { label: "s1", new_name: world.name("new") })).rejects.toMatchObject(refused);
  await expect(act.snapshot(name, { label: "s2" })).rejects.toMatchObject(refused);
  await expect(act.revert(name, { label: "s1" })).rejects.toMatchObject(refused);
  expect(await act.list()).toEqual(before);

  const { stderr } = await cli(world, "list");
  expect(stderr).toContain(`The disk mounted at ${place.mountpoint}`);
  expect(stderr).not.toContain("pool grow");
  const doctor = await cli(world, "doctor", "--config", world.configFile);
  expect(doctor).toMatchObject({ code: 1, stdout: expect.stringMatching(/ok +pool +[\s\S]*!! +records: disk/) });

  await act.stop(spare);
  await act.deleteSnapshot(name, "s1");
  await act.delete(spare);
  // Whoever fills the disk goes on, and takes of what was given back all that is not used yet.
  fillRecordsDisk();
  await world.killDaemon();
  await world.startDaemon();
  expect(await act.list()).toMatchObject([{ name, status: "running" }]);
  expect((await engine.exec("box", "echo", "here")).output).toBe("here\n");
  await act.stop(name);

  rmSync(join(disks, "records/bulk"));
  await act.start(name);
  await act.snapshot(name, { label: "s2" });
  expect((await world.client.health()).records).toMatchObject({ state: "ok" });
  fillRecordsDisk();
  await act.delete(name);
  expect(await act.list()).toEqual([]);
});
