import { afterAll, expect, it } from "vitest";
import { Drill } from "./drill.ts";
import type { Exercise } from "./exercise.ts";
import { drillOn } from "./suite.ts";

const drill = await Drill.start();
afterAll(() => drill.end());
const { instances } = drill.world.client;
const names = await drill.furnished(6);

const verification: Exercise = {
  title: "a verification",
  names,
  async ready(name) {
    const { snapshots } = await instances.get(name);
    if (snapshots.length > 0) await instances.deleteSnapshot(name, "moment");
    await instances.snapshot(name, { label: "moment" });
  },
  call: (name) => ({ method: "POST", path: `/instances/${name}/snapshots/moment/verify`, body: {} }),
  done: (before) => ({ ...before, verified: { moment: true } }),
  keepsContainers: true,
};

await drillOn(drill, verification, {
  steps: ["reserve", "dataset", "network", "engine", "ports", "health", "record", "clear"],
  undone: [],
});

it("leaves no clone, whatever disturbed it", async () => {
  const all = await instances.list({ all: true });
  expect(all.filter(({ purpose }) => purpose !== undefined)).toEqual([]);
});
