import { afterAll } from "vitest";
import { Drill } from "./drill.ts";
import type { Exercise } from "./exercise.ts";
import { drillOn } from "./suite.ts";

const drill = await Drill.start();
afterAll(() => drill.end());
const { instances } = drill.world.client;
const names = await drill.plain(4);

const has = async (name: string) => (await instances.schedules(name)).length > 0;
// No run of it comes while this suite lasts.
const request = { id: "yearly", cron: "0 0 1 1 *" };

const addition: Exercise = {
  title: "a new schedule (add-schedule)",
  names,
  async ready(name) {
    if (await has(name)) await instances.removeSchedule(name, request.id);
  },
  call: (name) => ({ method: "POST", path: `/instances/${name}/schedules`, body: request }),
  done: (before) => ({ ...before, schedules: ["yearly 0 0 1 1 *"] }),
  keepsContainers: true,
};

const removal: Exercise = {
  title: "the end of a schedule (remove-schedule)",
  names,
  async ready(name) {
    if (!(await has(name))) await instances.addSchedule(name, request);
  },
  call: (name) => ({ method: "DELETE", path: `/instances/${name}/schedules/${request.id}` }),
  done: ({ schedules: _gone, ...before }) => before,
  keepsContainers: true,
};

await drillOn(drill, addition, { steps: ["record"], undone: ["record"] });
await drillOn(drill, removal, { steps: ["record"], undone: [] });
