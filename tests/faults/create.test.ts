import { afterAll } from "vitest";
import { Drill } from "./drill.ts";
import type { Exercise } from "./exercise.ts";
import { drillOn } from "./suite.ts";

const drill = await Drill.start();
afterAll(() => drill.end());
const names = drill.names("c", 9);

const plain: Exercise = {
  title: "a create",
  names,
  ready: (name) => drill.clear(name),
  call: (name) => ({ method: "POST", path: "/instances", body: { name } }),
  done: () => ({ status: "running", quiet: false, snapshots: [], kept: {}, containers: [], forwarded: [] }),
};
await drillOn(drill, plain, {
  steps: ["reserve", "dataset", "network", "engine", "ports", "commit"],
  undone: ["engine", "network", "dataset", "reserve"],
});

const withPlugin: Exercise = {
  title: "a create with a plugin",
  names: names.slice(0, 6),
  ready: (name) => drill.clear(name),
  call: (name) => ({
    method: "POST",
    path: "/instances",
    body: { name, workload_inline: { plugin: "echo", config: { text: `hello from ${name}` } } },
  }),
  done: (_before, name) => ({
    status: "running",
    quiet: false,
    snapshots: [],
    kept: {},
    containers: ["echo runs"],
    forwarded: [5678],
    page: `hello from ${name}`,
  }),
};
await drillOn(drill, withPlugin, {
  steps: ["validate", "reserve", "dataset", "network", "engine", "deploy", "ports", "commit"],
  undone: ["deploy", "engine", "network", "dataset", "reserve"],
});
