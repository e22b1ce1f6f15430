import type { PluginInput, ProgressEvent } from "@dockersnap/contract";
import { expect, it } from "vitest";
import { type Behaviour, type MemoryPlugin, MemoryPlugins, pluginConformance } from "../../testing/index.ts";

const input = { instance_name: "demo" } as PluginInput;

async function perform<A>(
  { reports = [], answer, fails, hangs }: Behaviour<A>,
  report: (event: ProgressEvent) => void,
): Promise<A | undefined> {
  for (const event of reports) report(event);
  if (fails !== undefined) throw new Error(fails);
  if (hangs) await new Promise(() => undefined);
  return answer;
}

pluginConformance("the plugins in memory", async () => {
  const host = new MemoryPlugins();
  return {
    host,
    async install(name, { hooks = [], readsInputFirst, asked = {}, acts = {} }) {
      const answers = Object.entries(asked).map(([command, behaviour]) => [
        command,
        () => perform<unknown>(behaviour, () => undefined),
      ]);
      const deeds = [...hooks.map((hook) => [hook, {}] as const), ...Object.entries(acts)].map(
        ([command, behaviour]) => [
          command,
          (_: PluginInput, report: (event: ProgressEvent) => void) => perform<unknown>(behaviour, report),
        ],
      );
      host.install(name, {
        ...(Object.fromEntries([...answers, ...deeds]) as MemoryPlugin),
        ...(readsInputFirst && { readsInputFirst }),
      });
    },
    installBroken: async (name) => host.install(name, { disabled: "it has no schema." }),
    uninstall: async (name) => host.uninstall(name),
    async [Symbol.asyncDispose]() {},
  };
});

it("gives handlers their input, and remembers every call", async () => {
  const plugins = new MemoryPlugins().add("p", {
    health: ({ instance_name }) => ({ healthy: instance_name === "demo" }),
  });
  expect(await plugins.ask("p", "health", input)).toEqual({ healthy: true });
  expect(await plugins.ask("p", "access", input)).toEqual({});
  expect(plugins.calls.map(({ command }) => command)).toEqual(["health", "access"]);
});
