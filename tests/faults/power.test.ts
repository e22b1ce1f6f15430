import { afterAll, describe, expect, it } from "vitest";
import { Drill } from "./drill.ts";
import type { Exercise } from "./exercise.ts";
import { type Sight, see } from "./sight.ts";
import { drillOn } from "./suite.ts";

const drill = await Drill.start();
afterAll(() => drill.end());
const { world } = drill;
const names = await drill.plain(7);
const { start, stop } = world.client.instances;

async function isRunning(name: string): Promise<boolean> {
  return (await world.client.instances.get(name)).status === "running";
}

const exercise = (verb: "start" | "stop" | "restart"): Exercise => ({
  title: `a ${verb}`,
  names,
  async ready(name) {
    if (verb === "start" && (await isRunning(name))) await stop(name);
    if (verb !== "start" && !(await isRunning(name))) await start(name);
  },
  call: (name) => ({ method: "POST", path: `/instances/${name}/${verb}` }),
  done: ({ containers: _engine, forwarded: _andItsPorts, ...before }): Sight =>
    verb === "stop"
      ? { ...before, status: "stopped" }
      : { ...before, status: "running", containers: [], forwarded: [] },
});

await drillOn(drill, exercise("start"), {
  steps: ["network", "engine", "ports", "commit"],
  undone: ["commit", "engine"],
});
await drillOn(drill, exercise("stop"), {
  steps: ["note", "shutdown", "unforward", "commit"],
  undone: ["commit", "shutdown"],
});
await drillOn(drill, exercise("restart"), {
  steps: ["note", "shutdown", "unforward", "network", "engine", "ports", "commit"],
  undone: ["commit", "engine", "shutdown"],
});

describe("taken back", () => {
  it.each(["stop", "restart"] as const)("a failed %s has every container running again that ran", async (verb) => {
    const [name = ""] = await drill.furnished(1);
    const before = await see(world, name);
    drill.faults.set(name, [{ step: "commit", moment: "begin", act: "fail" }]);
    await expect(world.client.instances[verb](name)).rejects.toMatchObject({ code: "internal" });
    expect(await see(world, name)).toEqual(before);
    await drill.clear(name);
  });
});
