import { afterAll } from "vitest";
import { Drill } from "./drill.ts";
import type { Exercise } from "./exercise.ts";
import { writeData } from "./sight.ts";
import { drillOn } from "./suite.ts";

const drill = await Drill.start();
afterAll(() => drill.end());
const { world } = drill;
const { instances } = world.client;
const names = await drill.furnished(6);
for (const name of names) {
  for (const label of ["one", "two"]) {
    writeData(world, name, `the data of ${label}`);
    await instances.snapshot(name, { label });
  }
}

/** Where each goes next: the snapshot it did not come from. */
const goal = new Map<string, string>();

const revert: Exercise = {
  title: "a revert",
  names,
  async ready(name) {
    const { parent, snapshots } = await instances.get(name);
    for (const { label } of snapshots) {
      if (label.startsWith("auto-")) await instances.deleteSnapshot(name, label);
    }
    goal.set(name, parent === "one" ? "two" : "one");
    writeData(world, name, `the present of ${name}`);
    await drill.startTask(name);
  },
  call: (name) => ({ method: "POST", path: `/instances/${name}/revert`, body: { label: goal.get(name) } }),
  done: (before, name) => ({
    ...before,
    parent: goal.get(name),
    data: `the data of ${goal.get(name)}`,
    page: `the data of ${goal.get(name)}`,
    snapshots: [...before.snapshots, "auto"],
    kept: { ...before.kept, auto: before.data },
    containers: ["task is down", "web runs"],
  }),
};

await drillOn(drill, revert, {
  steps: ["note", "halt", "keep", "swap", "network", "engine", "ports", "commit"],
  undone: ["commit", "engine", "swap", "keep", "halt"],
});
