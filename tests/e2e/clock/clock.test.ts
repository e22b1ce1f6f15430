import { renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { cli } from "../../support/cli.ts";
import { eventOf } from "../../support/events.ts";
import { bareInstance } from "../../support/instance.ts";
import { repository } from "../../support/repository.ts";
import { World } from "../../support/world.ts";

const dayMs = 86_400_000;
const monthMs = 30 * dayMs;

let world: World;
let name: string;

/** Put the daemon's clock so far ahead of the machine's. */
function setAhead(ms: number): void {
  const file = join(world.dir, "clock-ahead");
  writeFileSync(`${file}.new`, String(ms));
  renameSync(`${file}.new`, file);
}

beforeAll(async () => {
  world = await World.prepare({ daemon: [process.execPath, join(repository, "tests/e2e/clock/daemon.ts")] });
  setAhead(0);
  await world.startDaemon();
  ({ name } = await bareInstance(world, "clock"));
  await act().snapshot(name, { label: "base" });
  await act().snapshot(name, { label: "week", expires_at: new Date(Date.now() + 7 * dayMs).toISOString() });
  await act().revert(name, { label: "base" });
});
afterAll(() => world?.end());

const act = () => world.client.instances;
const kept = async () => (await act().snapshots(name)).map(({ label }) => label);

/** Have the daemon look at its schedules, and at what is to be removed: every change of an instance does. */
const look = () => act().change(name, { labels: { looked: String(Math.random()) } });

it("removes nothing and tells when its clock jumps a month ahead, and goes on when it is set right again", async () => {
  const before = await kept();
  expect(before).toEqual(["base", "week", expect.stringMatching(/^auto-before-revert-/)]);

  setAhead(monthMs);
  await eventOf(world, ({ type, data }) => type === "clock.changed" && Number(data?.by_ms) > monthMs - dayMs, look);
  await look();
  expect(await kept()).toEqual(before);
  const warned = await cli(world, "doctor", "--config", world.configFile);
  expect(warned).toMatchObject({ code: 1, stdout: expect.stringMatching(/!! +clock +30 days ahead/) });

  // The next daemon knows what the last one saw.
  await world.restartDaemon();
  await look();
  expect(await kept()).toEqual(before);

  setAhead(0);
  await eventOf(world, ({ type, data }) => type === "clock.changed" && data?.held_back_ms === 0, look);
  expect(await kept()).toEqual(before);
  const well = await cli(world, "doctor", "--config", world.configFile);
  expect(well.stdout).toMatch(/ok +clock/);
  expect(await act().undo(name)).toMatchObject({ status: "ok" });

  const expires_at = new Date(Date.now() + 1_500).toISOString();
  const isSweep = ({ type, data }: { type: string; data?: Record<string, unknown> | undefined }) =>
    type === "operation.ended" && data?.kind === "sweep";
  await eventOf(world, isSweep, () => act().snapshot(name, { label: "brief", expires_at }));
  expect(await kept()).not.toContain("brief");
});

it("notices a clock that is a month ahead at its start, and removes nothing", async () => {
  const before = await kept();
  await world.stopDaemon();
  setAhead(monthMs);
  await world.startDaemon();
  await look();
  await look();
  expect(await kept()).toEqual(before);
  await world.stopDaemon();
  setAhead(0);
  await world.startDaemon();
  await look();
  expect(await kept()).toEqual(before);
});
