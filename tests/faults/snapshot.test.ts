import { afterAll } from "vitest";
import { Drill } from "./drill.ts";
import type { Exercise } from "./exercise.ts";
import type { Sight } from "./sight.ts";
import { drillOn } from "./suite.ts";

const drill = await Drill.start();
afterAll(() => drill.end());
const { instances } = drill.world.client;
const names = await drill.furnished(6);

const taken = (before: Sight): Sight => ({
  ...before,
  parent: "moment",
  snapshots: [...before.snapshots, "moment"],
  kept: { ...before.kept, moment: before.data },
});

const exercise = (mode: "live" | "paused" | "stopped"): Exercise => ({
  title: `a ${mode} snapshot`,
  names,
  async ready(name) {
    const { snapshots } = await instances.get(name);
    if (snapshots.length > 0) await instances.deleteSnapshot(name, "moment");
  },
  call: (name) => ({ method: "POST", path: `/instances/${name}/snapshot`, body: { label: "moment", mode } }),
  done: taken,
  keepsContainers: mode !== "stopped",
});

await drillOn(drill, exercise("live"), { steps: ["settle", "take", "look", "record"], undone: ["record", "take"] });
await drillOn(drill, exercise("paused"), {
  steps: ["settle", "freeze", "take", "thaw", "record"],
  undone: ["record", "take", "freeze"],
});
await drillOn(drill, exercise("stopped"), {
  steps: ["settle", "shutdown", "take", "engine", "record"],
  undone: ["record", "take", "shutdown"],
});
