import { afterAll } from "vitest";
import { Drill } from "./drill.ts";
import type { Exercise } from "./exercise.ts";
import { writeData } from "./sight.ts";
import { drillOn } from "./suite.ts";

const drill = await Drill.start();
afterAll(() => drill.end());
const { world } = drill;
const { instances } = world.client;

const names = await drill.plain(5);
for (const label of ["one", "two"]) {
  await Promise.all(names.map((name) => instances.snapshot(name, { label })));
}

const undo: Exercise = {
  title: "an undo",
  names,
  async ready(name) {
    const { snapshots } = await instances.get(name);
    for (const { label } of snapshots) {
      if (label.startsWith("auto-")) await instances.deleteSnapshot(name, label);
    }
    await instances.revert(name, { label: "two" });
    writeData(world, name, "work on two");
    await instances.revert(name, { label: "one" });
    writeData(world, name, "work on one");
  },
  call: (name) => ({ method: "POST", path: `/instances/${name}/undo` }),
  done: (before) => ({
    ...before,
    parent: "two",
    data: "work on two",
    snapshots: [...before.snapshots, "auto-undo"],
    reverts: [...(before.reverts ?? []).slice(0, -1), "to one, undone"],
    kept: { ...before.kept, "auto-undo": "work on one" },
  }),
};

const redo: Exercise = {
  title: "a redo",
  names,
  async ready(name) {
    await undo.ready(name);
    await instances.undo(name);
    writeData(world, name, "more work on two");
  },
  call: (name) => ({ method: "POST", path: `/instances/${name}/redo` }),
  done: (before) => ({
    ...before,
    parent: "one",
    data: "work on one",
    snapshots: [...before.snapshots, "auto-redo"],
    reverts: [...(before.reverts ?? []).slice(0, -1), "to one"],
    kept: { ...before.kept, "auto-redo": "more work on two" },
  }),
};

// Their other steps are those of a revert, which is disturbed at every one.
const pinned = {
  steps: ["note", "halt", "keep", "swap", "network", "engine", "ports", "commit"],
  undone: ["commit", "engine", "swap", "keep", "halt"],
  only: ["commit"],
};
await drillOn(drill, undo, pinned);
await drillOn(drill, redo, pinned);
