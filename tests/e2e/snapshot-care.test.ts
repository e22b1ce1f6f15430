import type { DaemonEvent, Operation, SweepResult } from "@dockersnap/contract";
import { afterAll, beforeAll, expect, it } from "vitest";
import { cli } from "../support/cli.ts";
import { Engine } from "../support/engine.ts";
import { eventOf } from "../support/events.ts";
import { bareInstance } from "../support/instance.ts";
import { World } from "../support/world.ts";

const mib = 1024 * 1024;

let world: World;
let name: string;
let engine: Engine;

beforeAll(async () => {
  world = await World.start();
  ({ name, engine } = await bareInstance(world, "care"));
  await engine.run({ name: "writer", restart: "always" });
});
afterAll(() => world?.end());

const act = () => world.client.instances;
const labels = async () => (await act().snapshots(name)).map(({ label }) => label);
const say = (words: string) => engine.exec("writer", "sh", "-c", `echo ${words} > /words; sync`);
const ended = (kind: string) => (event: DaemonEvent) =>
  event.type === "operation.ended" && event.data?.kind === kind && event.instance === name;

/** A schedule that was removed may still be at its last snapshot. */
async function lastRunEnded(): Promise<void> {
  for (const { id, status } of await world.client.operations.list()) {
    if (status === "running") await world.client.operations.events(id);
  }
}

async function operationOf(event: DaemonEvent): Promise<Operation> {
  return world.client.operations.get(event.operation ?? "");
}

it("renames, tags and protects, and a clone and the history follow", async () => {
  await say("first");
  await act().snapshot(name, { label: "one", tags: { draft: "yes" } });
  await say("second");
  await act().snapshot(name, { label: "two" });
  const clone = world.name("copy");
  await act().clone(name, { label: "one", new_name: clone });

  expect(await cli(world, "rename", `${name}@one`, "golden")).toMatchObject({ code: 0 });
  expect(await cli(world, "tag", `${name}@golden`, "ticket=42", "draft-")).toMatchObject({ code: 0 });
  expect(await cli(world, "protect", `${name}@golden`)).toMatchObject({ code: 0 });

  await world.restartDaemon();
  expect(await act().snapshots(name)).toMatchObject([
    { label: "golden", protected: true, tags: { ticket: "42" } },
    { label: "two", parent: "golden" },
  ]);
  expect(await act().get(clone)).toMatchObject({ clone_of: `${name}@golden` });

  const refused = await cli(world, "delete", `${name}@golden`);
  expect(refused).toMatchObject({ code: 4, stderr: expect.stringContaining("protected") });
  expect(await cli(world, "unprotect", `${name}@golden`)).toMatchObject({ code: 0 });
  expect(await cli(world, "delete", `${name}@golden`)).toMatchObject({ code: 0 });

  expect(await labels()).toEqual(["two"]);
  const whole = await Engine.of(world, clone);
  expect((await whole.exec("writer", "cat", "/words")).output).toBe("first\n");
  await act().delete(clone);
});

it("answers an unknown label with the nearest, whatever was to be done with it", async () => {
  for (const argv of [
    ["delete", `${name}@twoo`],
    ["rename", `${name}@twoo`, "three"],
    ["protect", `${name}@twoo`],
    ["revert", `${name}@twoo`],
    ["clone", `${name}@twoo`, world.name("none")],
  ]) {
    const { code, stderr } = await cli(world, ...argv);
    expect({ argv, code, stderr }).toEqual({ argv, code: 3, stderr: expect.stringContaining("Did you mean 'two'?") });
  }
});

it("removes a snapshot when its time is over, and says so", async () => {
  const expires_at = new Date(Date.now() + 3_000).toISOString();
  const swept = await eventOf(world, ended("sweep"), () => act().snapshot(name, { label: "brief", expires_at }));
  expect(await operationOf(swept)).toMatchObject({
    status: "done",
    requested_by: "daemon",
    result: { removed: [{ label: "brief", reason: `its time was over at ${expires_at}` }] },
  });
  expect(await labels()).toEqual(["two"]);
});

it("takes snapshots by the clock and keeps what some rule keeps, leaving all others alone", async () => {
  const never = await cli(world, "schedule", "add", name, "--cron", "0 0 30 2 *");
  expect(never).toMatchObject({ code: 2, stderr: expect.stringContaining("never fires") });

  const rules = ["--keep", "last=2", "--keep", "monthly=1", "--label", "tick-{time}"];
  const swept = await eventOf(world, ended("sweep"), () =>
    cli(world, "schedule", "add", name, "--name", "tick", "--cron", "* * * * * *", ...rules),
  );
  expect(await cli(world, "schedule", "remove", name, "tick")).toMatchObject({ code: 0 });

  const { result } = await operationOf(swept);
  const reason = "schedule 'tick' keeps the last 2 and 1 monthly";
  const { removed } = result as SweepResult;
  expect(removed.length).toBeGreaterThan(0);
  for (const one of removed) expect(one).toEqual({ label: expect.stringMatching(/^tick-/), reason });
  const shown = await cli(world, "operations", "show", swept.operation ?? "");
  expect(shown.stdout).toContain(reason);
  await lastRunEnded();
  const left = await act().snapshots(name);
  expect(left[0]?.label).toBe("two");
  expect(left.length).toBeGreaterThan(2);
  // Once the schedule is gone its snapshots are like any others.
  expect(left.map(({ tags }) => tags)).toEqual(left.map(() => undefined));
  expect(await act().schedules(name)).toEqual([]);
});

it("tells what an instance and each snapshot occupy, and what deleting them gives back", async () => {
  const write = (size: number) =>
    engine.exec("writer", "sh", "-c", `head -c ${size * mib} /dev/urandom > /bulk && sync`);
  await write(24);
  await act().snapshot(name, { label: "big" });
  await write(8);

  const usage = await act().usage(name);
  const big = usage.snapshots.find(({ label }) => label === "big");
  // Beside the file, Docker itself has written a little since.
  expect(big?.freed_by_delete_bytes).toBeGreaterThanOrEqual(24 * mib);
  expect(big?.freed_by_delete_bytes).toBeLessThan(27 * mib);
  expect(usage.exclusive_bytes).toBeGreaterThanOrEqual(8 * mib);
  expect(usage.freed_by_delete_bytes).toBeGreaterThanOrEqual(usage.referenced_bytes + 24 * mib);
  expect((await act().snapshots(name, { sizes: true })).find(({ label }) => label === "big")).toMatchObject({
    referenced_bytes: big?.referenced_bytes,
  });
  expect((await cli(world, "status", name, "--size")).stdout).toMatch(
    /Snapshot big +\d+ MiB, freed by deleting it 2[4-7] MiB/,
  );
});
