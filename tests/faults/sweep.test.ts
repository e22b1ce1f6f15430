import { setTimeout as pause } from "node:timers/promises";
import { afterAll } from "vitest";
import { Drill } from "./drill.ts";
import type { Exercise } from "./exercise.ts";
import { drillOn } from "./suite.ts";

const drill = await Drill.start();
afterAll(() => drill.end());
const { instances, operations } = drill.world.client;
const names = await drill.plain(6);
for (const name of names) await instances.snapshot(name, { label: "stays" });

const beginsWithinMs = 10_000;

async function sweepsOf(name: string): Promise<readonly string[]> {
  const all = await operations.list();
  return all.filter(({ kind, instance }) => kind === "sweep" && instance === name).map(({ id }) => id);
}

const sweep: Exercise = {
  title: "a sweep",
  names,
  async ready(name) {
    const { snapshots } = await instances.get(name);
    if (snapshots.length > 1) return;
    const expires_at = new Date(Date.now() + 1_000).toISOString();
    await instances.snapshot(name, { label: "goes", expires_at, protected: true });
  },
  call: (name) => ({ method: "PATCH", path: `/instances/${name}/snapshots/goes`, body: { protected: false } }),
  async provoke(name) {
    const before = await sweepsOf(name);
    await drill.begin(sweep.call(name));
    // It begins when the operation that let the snapshot go has ended, and is nobody's who could be told its id.
    for (const deadline = AbortSignal.timeout(beginsWithinMs); ; await pause(20)) {
      const [id] = (await sweepsOf(name)).filter((one) => !before.includes(one));
      if (id !== undefined) return id;
      deadline.throwIfAborted();
    }
  },
  done: ({ kept: { goes: _gone, ...kept }, ...before }) => ({ ...before, parent: "stays", snapshots: ["stays"], kept }),
  keepsContainers: true,
};

await drillOn(drill, sweep, { steps: ["datasets", "forget"], undone: [] });
