import { afterAll } from "vitest";
import { Drill } from "./drill.ts";
import type { Exercise } from "./exercise.ts";
import { drillOn } from "./suite.ts";

const drill = await Drill.start();
afterAll(() => drill.end());
const { instances } = drill.world.client;
const names = await drill.plain(9);
for (const name of names) await instances.snapshot(name, { label: "stays" });

const removal: Exercise = {
  title: "the removal of a snapshot",
  names,
  async ready(name) {
    const { snapshots } = await instances.get(name);
    if (snapshots.length === 1) await instances.snapshot(name, { label: "goes" });
  },
  call: (name) => ({ method: "DELETE", path: `/instances/${name}/snapshots/goes` }),
  done: ({ kept: { goes: _gone, ...kept }, ...before }) => ({ ...before, parent: "stays", snapshots: ["stays"], kept }),
  keepsContainers: true,
};

await drillOn(drill, removal, { steps: ["dataset", "forget"], undone: [] });
