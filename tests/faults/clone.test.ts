import { afterAll } from "vitest";
import { cloning } from "./cloning.ts";
import { Drill } from "./drill.ts";
import type { Exercise } from "./exercise.ts";
import { drillOn } from "./suite.ts";

const drill = await Drill.start();
afterAll(() => drill.end());

/** Its source is the instance nothing may touch. */
const clone: Exercise = {
  title: "a clone",
  names: drill.names("c", 6),
  ready: (name) => drill.clear(name),
  ...cloning(drill, drill.bystander, "furnished"),
};

await drillOn(drill, clone, {
  steps: ["reserve", "dataset", "network", "engine", "ports", "commit"],
  undone: ["engine", "network", "dataset", "reserve"],
});
