import { expect, it } from "vitest";
import type { ContainerSummary, EngineSpec } from "../../src/engine/engine.ts";
import { engineConformance } from "../../testing/engine/conformance.ts";
import { MemoryEngines } from "../../testing/engine/memory-engines.ts";
import { MemoryMachine } from "../../testing/engine/memory-machine.ts";

const never = new AbortController().signal;

function spec(name: string): EngineSpec {
  return {
    name,
    dataRoot: `/memory/data/${name}`,
    netnsPath: `/memory/netns/ds-${name}`,
    resolvConf: undefined,
    id: "7a9b7a0e-6a53-4bb5-9dd6-0f0c9f6c0b11",
    hostAddress: "10.10.0.1",
    options: {},
    subnet: "10.10.0.0/16",
    chosenPorts: { first: 32_768, last: 33_279 },
    limits: undefined,
  };
}

function container(id: string, state: string): ContainerSummary {
  return { id, name: id, image: "box", state, labels: {}, ports: [], mounts: [] };
}

engineConformance("the engines in memory", async () => {
  const machine = new MemoryMachine();
  const engines = new MemoryEngines(machine);
  return {
    engines,
    nextDaemon: () => new MemoryEngines(machine),
    prepare: async (name) => spec(name),
    crash: async (name) => engines.crash(name),
    async [Symbol.asyncDispose]() {},
  };
});

it("keeps containers with their data-root, and runs them again after a restart", async () => {
  const engines = new MemoryEngines();
  await engines.start(spec("web"), never);
  engines.setContainers("web", [container("a", "running"), container("b", "created")]);
  await engines.stop("web", never);
  await engines.start({ ...spec("copy"), dataRoot: spec("web").dataRoot }, never);
  const states = (await engines.api("copy").containers()).map(({ id, state }) => [id, state]);
  expect(states).toEqual([
    ["a", "running"],
    ["b", "created"],
  ]);
});

it("fails as often as it was told to, and changes nothing then", async () => {
  const engines = new MemoryEngines();
  engines.failNext("start");
  await expect(engines.start(spec("web"), never)).rejects.toMatchObject({ code: "internal" });
  expect(await engines.list()).toEqual([]);
  await engines.start(spec("web"), never);
  expect(await engines.list()).toEqual(["web"]);
});
