import { afterAll } from "vitest";
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
  call: (name) => ({
    method: "POST",
    path: `/instances/${drill.bystander}/clone`,
    body: { label: "furnished", new_name: name },
  }),
  done: () => ({
    status: "running",
    data: `the data of ${drill.bystander}`,
    page: `the data of ${drill.bystander}`,
    quiet: false,
    snapshots: [],
    kept: {},
    forwarded: [8080],
    containers: ["task is down", "web runs"],
  }),
};

await drillOn(drill, clone, {
  steps: ["reserve", "dataset", "network", "engine", "ports", "commit"],
  undone: ["engine", "network", "dataset", "reserve"],
});
