import { afterAll } from "vitest";
import { Drill } from "./drill.ts";
import type { Exercise } from "./exercise.ts";
import { drillOn } from "./suite.ts";

const MiB = 1024 * 1024;

const drill = await Drill.start();
afterAll(() => drill.end());
const { instances } = drill.world.client;
const names = await drill.plain(10);

const bounding: Exercise = {
  title: "other limits for an instance that runs (change-instance)",
  names,
  async ready(name) {
    await instances.change(name, { limits: { memory: 1024 * MiB, pids: null, disk: 512 * MiB } });
  },
  call: (name) => ({
    method: "PATCH",
    path: `/instances/${name}`,
    body: { limits: { memory: null, pids: 2000, disk: 256 * MiB } },
  }),
  done: (before) => ({ ...before, bounds: "memory none, pids 2000, disk 268435456; told pids 2000, disk 268435456" }),
  keepsContainers: true,
};

await drillOn(drill, bounding, { steps: ["engine", "quota", "record"], undone: ["record", "quota", "engine"] });
