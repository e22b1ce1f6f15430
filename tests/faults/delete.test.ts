import { afterAll, describe, expect, it } from "vitest";
import { Drill } from "./drill.ts";
import type { Exercise } from "./exercise.ts";
import { absent, find, see, writeData } from "./sight.ts";
import { drillOn } from "./suite.ts";

const drill = await Drill.start();
afterAll(() => drill.end());
const { world } = drill;

const plain: Exercise = {
  title: "a delete",
  names: drill.names("d", 9),
  async ready(name) {
    if ((await find(world, name)) !== undefined) return;
    await drill.create(name);
    await world.client.instances.snapshot(name, { label: "one" });
  },
  call: (name) => ({ method: "DELETE", path: `/instances/${name}` }),
  done: () => absent,
};
await drillOn(drill, plain, { steps: ["mark", "engine", "network", "dataset", "forget"], undone: [] });

const withPlugin: Exercise = {
  ...plain,
  title: "a delete of a workload",
  names: drill.names("w", 5),
  async ready(name) {
    if ((await find(world, name)) !== undefined) return;
    await world.client.instances.create({ name, workload_inline: { plugin: "echo", config: {} } });
    writeData(world, name, `the data of ${name}`);
  },
};
await drillOn(drill, withPlugin, {
  steps: ["teardown", "mark", "engine", "network", "dataset", "forget"],
  undone: [],
  only: ["teardown", "mark"],
});

describe("a delete that fails again and again", () => {
  it.each(["engine", "network", "dataset", "forget"])("at '%s' is ended by the next start", async (step) => {
    const name = world.name("again");
    await plain.ready(name);
    const failure = { step, moment: "begin", act: "fail" } as const;
    drill.faults.set(name, [failure, failure, failure]);
    await expect(world.client.instances.delete(name)).rejects.toMatchObject({ code: "internal" });
    expect(await find(world, name)).toMatchObject({
      status: "error",
      error: expect.stringContaining("could not be completed"),
    });
    await drill.killAndRestart();
    expect(await see(world, name)).toEqual(absent);
    expect(await drill.strays()).toEqual([]);
  });
});
