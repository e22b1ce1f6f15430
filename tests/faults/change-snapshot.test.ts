import { afterAll } from "vitest";
import { Drill } from "./drill.ts";
import type { Exercise } from "./exercise.ts";
import { drillOn } from "./suite.ts";

const drill = await Drill.start();
afterAll(() => drill.end());
const { instances } = drill.world.client;
const names = await drill.plain(10);
for (const name of names) {
  for (const label of ["older", "old"]) await instances.snapshot(name, { label });
}

const renaming: Exercise = {
  title: "a new label and marks for a snapshot",
  names,
  async ready(name) {
    const { snapshots } = await instances.get(name);
    if (snapshots.some(({ label }) => label === "new")) {
      await instances.changeSnapshot(name, "new", { new_label: "old", protected: false });
    }
  },
  call: (name) => ({
    method: "PATCH",
    path: `/instances/${name}/snapshots/old`,
    body: { new_label: "new", protected: true },
  }),
  done: ({ kept: { old, ...kept }, ...before }) => ({
    ...before,
    parent: "new",
    snapshots: before.snapshots.map((label) => (label === "old" ? "new" : label)),
    kept: { ...kept, new: old },
  }),
  keepsContainers: true,
};

await drillOn(drill, renaming, { steps: ["dataset", "record"], undone: ["record", "dataset"] });
