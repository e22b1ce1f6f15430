import type { PluginInput } from "@dockersnap/contract";
import { expect, it } from "vitest";
import { MemoryPlugins } from "../../src/testing.ts";

const input = { instance_name: "demo" } as PluginInput;

it("answers as its handlers do, and remembers every call", async () => {
  const plugins = new MemoryPlugins().add("p", {
    health: ({ instance_name }) => ({ healthy: instance_name === "demo" }),
  });
  expect(await plugins.ask("p", "health", input)).toEqual({ healthy: true });
  expect(await plugins.ask("p", "access", input)).toEqual({});
  expect(plugins.calls.map(({ command }) => command)).toEqual(["health", "access"]);
});

it("streams what a handler reports, and completes", async () => {
  const plugins = new MemoryPlugins().add("p", {
    deploy: (_, report) => report({ step: "one", status: "running" }),
  });
  const steps: string[] = [];
  await plugins.stream("p", "deploy", input, ({ step }) => steps.push(step));
  expect(steps).toEqual(["one", "complete"]);
});

it("fails as the real one does", async () => {
  const plugins = new MemoryPlugins().add("echo", {
    deploy: () => {
      throw new Error("no image");
    },
  });
  plugins.add("off", { disabled: "it has no schema." });
  await expect(plugins.stream("echo", "deploy", input, () => undefined)).rejects.toMatchObject({
    code: "plugin_failed",
    message: "Plugin 'echo' failed at deploy: no image",
  });
  expect(() => plugins.ready("ehco")).toThrowError("Did you mean 'echo'?");
  expect(() => plugins.ready("off")).toThrowError("it has no schema.");
  await expect(plugins.ask("echo", "health", input, { signal: AbortSignal.abort() })).rejects.toMatchObject({
    code: "cancelled",
  });
});

it("lists hooks that are there, and shows what is installed at the next reload", async () => {
  const plugins = new MemoryPlugins().add("p", { pre_snapshot: () => undefined });
  expect(plugins.ready("p").hooks).toEqual(["pre_snapshot"]);
  plugins.install("q");
  plugins.uninstall("p");
  expect(plugins.list().map(({ name }) => name)).toEqual(["p"]);
  expect((await plugins.reload()).map(({ name }) => name)).toEqual(["q"]);
});
