import { afterAll } from "vitest";
import { untilReady } from "../support/standby.ts";
import { cloning } from "./cloning.ts";
import { Drill } from "./drill.ts";
import type { Exercise } from "./exercise.ts";
import { drillOn } from "./suite.ts";

const drill = await Drill.start();
afterAll(() => drill.end());

/** Not the instance that nothing may touch: the names of what waits begin with its own. */
const source = drill.world.name("src");
const { instances } = drill.world.client;
const atOnce = 3;

await instances.clone(drill.bystander, { label: "furnished", new_name: source });
await instances.snapshot(source, { label: "golden" });
await instances.setStandby(source, "golden", { count: atOnce });

/** Each of those that are drilled at once finds one that waits, and is not there afterwards or whole. */
const take: Exercise = {
  title: "a clone that takes one that waits",
  names: drill.names("c", atOnce),
  ready: async (name) => {
    await drill.clear(name);
    await untilReady(drill.world, atOnce);
  },
  ...cloning(drill, source, "golden"),
};

await drillOn(drill, take, {
  steps: ["take", "commit"],
  undone: ["take"],
});
