import { afterAll } from "vitest";
import { Drill } from "./drill.ts";
import type { Exercise } from "./exercise.ts";
import { writeData } from "./sight.ts";
import { drillOn } from "./suite.ts";

const drill = await Drill.start();
afterAll(() => drill.end());
const { world } = drill;
const { instances } = world.client;

const plain = await drill.plain(8);
const furnished = await drill.furnished(4);
await Promise.all(
  [...plain, ...furnished].map(async (name) => {
    for (const label of ["one", "two"]) {
      writeData(world, name, `the data of ${label}`);
      await instances.snapshot(name, { label });
    }
  }),
);

/** Where each goes next: the snapshot it did not come from. */
const goal = new Map<string, string>();

const revert: Exercise = {
  title: "a revert",
  names: plain,
  async ready(name) {
    const { parent, snapshots } = await instances.get(name);
    for (const { label } of snapshots) {
      if (label.startsWith("auto-")) await instances.deleteSnapshot(name, label);
    }
    goal.set(name, parent === "one" ? "two" : "one");
    writeData(world, name, `the present of ${name}`);
  },
  call: (name) => ({ method: "POST", path: `/instances/${name}/revert`, body: { label: goal.get(name) } }),
  done: (before, name) => ({
    ...before,
    parent: goal.get(name),
    data: `the data of ${goal.get(name)}`,
    snapshots: [...before.snapshots, "auto"],
    reverts: [...(before.reverts ?? []), `to ${goal.get(name)}`],
    kept: { ...before.kept, auto: before.data },
  }),
};
const pinned = {
  steps: ["note", "halt", "keep", "swap", "network", "engine", "ports", "commit"],
  undone: ["commit", "engine", "swap", "keep", "halt"],
};
await drillOn(drill, revert, pinned);

const withContainers: Exercise = {
  ...revert,
  title: "a revert of what runs containers",
  names: furnished,
  async ready(name) {
    await revert.ready(name);
    await drill.startTask(name);
  },
  done: (before, name) => ({
    ...revert.done(before, name),
    page: `the data of ${goal.get(name)}`,
    containers: ["task is down", "web runs"],
  }),
};
await drillOn(drill, withContainers, { ...pinned, only: ["swap", "commit"] });
