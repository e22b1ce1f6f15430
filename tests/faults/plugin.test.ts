import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { untilInFolder } from "../support/folder-watch.ts";
import { repository } from "../support/repository.ts";
import { Drill } from "./drill.ts";
import type { Exercise } from "./exercise.ts";
import { takeInventory } from "./footprint.ts";
import { absent, see, writeData } from "./sight.ts";
import { drillOn } from "./suite.ts";

const drill = await Drill.start();
afterAll(() => drill.end());
const { world } = drill;
const { instances, plugins } = world.client;

world.installPlugin("quiet", join(repository, "tests/faults/plugins/quiet"));
await plugins.reload();
const names = drill.names("q", 6);
await Promise.all(
  names.map(async (name) => {
    await instances.create({ name, workload_inline: { plugin: "quiet", config: {} } });
    writeData(world, name, "the past");
    await instances.snapshot(name, { label: "past" });
  }),
);

async function removeAllBut(name: string, kept: string): Promise<void> {
  for (const { label } of (await instances.get(name)).snapshots) {
    if (label !== kept) await instances.deleteSnapshot(name, label);
  }
}

const snapshot: Exercise = {
  title: "a snapshot with hooks",
  names,
  async ready(name) {
    await removeAllBut(name, "past");
    writeData(world, name, `the present of ${name}`);
  },
  call: (name) => ({ method: "POST", path: `/instances/${name}/snapshot`, body: { label: "moment" } }),
  done: (before) => ({
    ...before,
    parent: "moment",
    snapshots: ["past", "moment"],
    kept: { ...before.kept, moment: before.data },
  }),
};
await drillOn(drill, snapshot, {
  steps: ["pre_snapshot", "settle", "take", "post_snapshot", "record"],
  undone: ["record", "take", "pre_snapshot"],
});

const revert: Exercise = {
  ...snapshot,
  title: "a revert with a hook",
  call: (name) => ({ method: "POST", path: `/instances/${name}/revert`, body: { label: "past" } }),
  done: (before) => ({
    ...before,
    parent: "past",
    data: "the past",
    snapshots: ["past", "auto"],
    reverts: [...(before.reverts ?? []), "to past"],
    kept: { ...before.kept, auto: before.data },
  }),
};
await drillOn(drill, revert, {
  steps: ["note", "halt", "keep", "swap", "network", "engine", "ports", "post_revert", "commit"],
  undone: ["commit", "engine", "swap", "keep", "halt"],
  only: ["post_revert"],
});

const [source = ""] = names;
const clone: Exercise = {
  title: "a clone with a hook",
  names: drill.names("c", 3),
  ready: (name) => drill.clear(name),
  call: (name) => ({ method: "POST", path: `/instances/${source}/clone`, body: { label: "past", new_name: name } }),
  done: () => ({
    status: "running",
    data: "the past",
    quiet: false,
    snapshots: [],
    kept: {},
    containers: [],
    forwarded: [],
  }),
};
await drillOn(drill, clone, {
  steps: ["reserve", "dataset", "network", "engine", "ports", "post_clone", "commit"],
  undone: ["engine", "network", "dataset", "reserve"],
  only: ["post_clone"],
});

describe("a daemon killed", () => {
  const fresh = world.name("new");

  /** Begin a create and kill the daemon as soon as this file is there. */
  async function killAt(file: string, workload: Record<string, unknown> = {}): Promise<void> {
    const isThere = untilInFolder(dirname(file), () => existsSync(file), AbortSignal.timeout(20_000));
    await drill.begin({ method: "POST", path: "/instances", body: { name: fresh, ...workload } });
    await isThere;
    await world.killDaemon();
  }

  it("while a plugin deploys leaves no process of that plugin to run on", async () => {
    const hold = join(world.dir, "hold");
    await killAt(hold, { workload_inline: { plugin: "quiet", config: { hold } } });
    expect(takeInventory(world).filter((line) => line.includes("quiet deploy"))).toHaveLength(1);
    await world.startDaemon();
    expect(takeInventory(world).filter((line) => line.includes("quiet deploy"))).toEqual([]);
    expect(await see(world, fresh)).toEqual(absent);
    expect(drill.left(fresh)).toEqual([]);
  });

  it.each([
    ["folder", ""],
    ["pid file", ".pid"],
    ["socket", ".sock"],
  ])("while an engine comes up, with its %s just there, leaves nothing of it", async (_what, ending) => {
    await killAt(join(world.runDir, `${fresh}${ending}`));
    await world.startDaemon();
    expect(await see(world, fresh)).toEqual(absent);
    expect(drill.left(fresh)).toEqual([]);
    expect(await drill.strays()).toEqual([]);
  });
});
