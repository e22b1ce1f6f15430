import { afterAll, describe, expect, it } from "vitest";
import { cli } from "../support/cli.ts";
import { Drill } from "./drill.ts";
import type { Call } from "./exercise.ts";
import type { Fault } from "./fault.ts";
import { absent, find, processesOf, see, writeData } from "./sight.ts";

const drill = await Drill.start();
afterAll(() => drill.end());
const { world, faults } = drill;
const [name = ""] = await drill.furnished(1);
const fresh = world.name("new");

const create: Call = { method: "POST", path: "/instances", body: { name: fresh } };
const remove: Call = { method: "DELETE", path: `/instances/${fresh}` };
const act = (verb: string, body?: unknown): Call => ({ method: "POST", path: `/instances/${name}/${verb}`, body });
const killed = (step: string, moment: Fault["moment"]): Fault => ({ step, moment, act: "kill" });

/** Begin an operation that a fault kills the daemon at, and resolve when it is dead. */
async function dieDuring(call: Call, about: string, ...its: Fault[]): Promise<void> {
  faults.set(about, its);
  await Promise.allSettled([drill.begin(call), world.daemonEnd()]);
}

describe("a daemon killed while it ends what the last one left unfinished", () => {
  it.each([
    [
      "a create",
      create,
      fresh,
      [killed("engine", "acted"), killed("network", "undo-begin"), killed("dataset", "undo-acted")],
    ],
    [
      "a stop",
      act("stop"),
      name,
      [killed("shutdown", "begin"), killed("unforward", "begin"), killed("commit", "acted")],
    ],
    [
      "a restart",
      act("restart"),
      name,
      [killed("shutdown", "acted"), killed("engine", "begin"), killed("ports", "acted")],
    ],
    [
      "a paused snapshot",
      act("snapshot", { label: "still", mode: "paused" }),
      name,
      [killed("take", "acted"), killed("take", "undo-acted"), killed("freeze", "undo-begin")],
    ],
    [
      "a stopped snapshot",
      act("snapshot", { label: "still", mode: "stopped" }),
      name,
      [killed("take", "acted"), killed("shutdown", "undo-begin"), killed("shutdown", "undo-acted")],
    ],
  ] as const)("leaves %s to the next one, which ends it honestly", async (_what, call, about, its) => {
    await drill.clear(fresh);
    if ((await find(world, name))?.status !== "running") await world.client.instances.start(name);
    await drill.startTask(name);
    const before = await see(world, about);

    await dieDuring(call, about, ...its);
    for (const _ of its.slice(1)) await expect(world.startDaemon()).rejects.toThrow("SIGKILL");
    await world.startDaemon();

    expect(faults.waiting(about)).toEqual([]);
    const [operation] = await world.client.operations.list();
    const after = await see(world, about);
    if (operation?.status === "done") {
      expect(operation).toMatchObject({ recovered: "finished" });
      expect(after).toMatchObject({ data: before.data, status: operation.kind === "stop" ? "stopped" : "running" });
    } else {
      expect(operation).toMatchObject({ status: "failed", recovered: "undone" });
      expect(after).toEqual(before);
    }
    expect(await drill.strays()).toEqual([]);
  });

  it("leaves a revert to the next one, and nothing of the present is lost", async () => {
    const { instances } = world.client;
    if ((await find(world, name))?.status !== "running") await instances.start(name);
    writeData(world, name, "the past");
    await instances.snapshot(name, { label: "past" });
    writeData(world, name, "the present");
    await dieDuring(act("revert", { label: "past" }), name, killed("swap", "begin"), killed("keep", "undo-begin"));
    await expect(world.startDaemon()).rejects.toThrow("SIGKILL");
    await world.startDaemon();
    expect(await see(world, name)).toMatchObject({
      status: "running",
      data: "the present",
      page: "the present",
      snapshots: ["past"],
    });

    await dieDuring(act("revert", { label: "past" }), name, killed("swap", "journalled"), killed("engine", "acted"));
    await expect(world.startDaemon()).rejects.toThrow("SIGKILL");
    await world.startDaemon();
    expect(await see(world, name)).toMatchObject({
      status: "running",
      data: "the past",
      page: "the past",
      snapshots: ["past", "auto"],
      kept: { auto: "the present" },
    });
  });
});

describe("a daemon killed with a step beside another under way", () => {
  it.each([
    ["dataset", "begin"],
    ["dataset", "acted"],
    ["network", "begin"],
    ["network", "acted"],
  ] as const)("takes a create back, at '%s' %s", async (step, moment) => {
    await drill.clear(fresh);
    await dieDuring(create, fresh, killed(step, moment));
    await world.startDaemon();
    expect(await see(world, fresh)).toEqual(absent);
    expect(drill.left(fresh)).toEqual([]);
    expect(await drill.strays()).toEqual([]);
  });

  it.each(["dataset", "network"])("finishes a delete, at '%s' begin", async (step) => {
    if ((await find(world, fresh)) === undefined) await drill.create(fresh);
    await dieDuring(remove, fresh, killed(step, "begin"));
    await world.startDaemon();
    expect(await see(world, fresh)).toEqual(absent);
    expect(drill.left(fresh)).toEqual([]);
  });
});

describe("what cannot be taken back", () => {
  it("is told of, and the next start of the daemon clears it", async () => {
    await drill.clear(fresh);
    const failure = { step: "dataset", moment: "undo-begin", act: "fail" } as const;
    faults.set(fresh, [{ step: "commit", moment: "begin", act: "fail" }, failure, failure]);
    await expect(world.client.instances.create({ name: fresh })).rejects.toMatchObject({ code: "internal" });
    expect(await find(world, fresh)).toMatchObject({ status: "error", error: expect.stringContaining("dataset") });
    await drill.killAndRestart();
    expect(await see(world, fresh)).toEqual(absent);
    expect(drill.left(fresh)).toEqual([]);
  });
});

describe("containers that a paused snapshot holds still", () => {
  it("go on when the daemon that held them is killed and the next one starts, as the processes they were", async () => {
    const before = await processesOf(world, name);
    await dieDuring(act("snapshot", { label: "held", mode: "paused" }), name, killed("freeze", "journalled"));
    await world.startDaemon();
    expect(await see(world, name)).toMatchObject({ status: "running", page: expect.any(String) });
    expect(await processesOf(world, name)).toEqual(before);
  });
});

it("'dockersnap doctor' finds nothing astray after all of it", async () => {
  const { stdout } = await cli(world, "doctor", "--config", world.configFile);
  expect(stdout).toContain("strays");
  expect(stdout.split("\n").filter((line) => line.includes(world.id) && line.includes("stray"))).toEqual([]);
});
