import { rm } from "node:fs/promises";
import { join } from "node:path";
import { type Behaviour, type PluginSketch, pluginConformance } from "@dockersnap/core/testing";
import { answer, bashPlugin, place, schemaOf } from "./support.ts";

function bodyOf({ reports = [], answer: given, fails, hangs }: Behaviour<unknown>): string {
  return [
    "cat >/dev/null",
    ...reports.map(answer),
    ...(given === undefined ? [] : [answer(given)]),
    ...(fails === undefined ? [] : [`echo '${fails}' >&2`, "exit 1"]),
    ...(hangs ? ["sleep 600 & wait"] : []),
  ].join("\n");
}

function programOf(name: string, { hooks = [], readsInputFirst, asked = {}, acts = {} }: PluginSketch): string {
  const schema = schemaOf(name, { hooks, ...(readsInputFirst && { reads_input_first: true }) });
  const behaviours: Readonly<Record<string, Behaviour<unknown>>> = { ...asked, ...acts };
  const bodies = Object.entries(behaviours).map(([command, behaviour]) => [command, bodyOf(behaviour)]);
  return bashPlugin(name, { schema: answer(schema), ...Object.fromEntries(bodies) });
}

pluginConformance("the plugins of a folder", async () => {
  const at = await place();
  return {
    host: at.host,
    install: async (name, sketch) => void (await at.write(`${name}/${name}`, programOf(name, sketch))),
    installBroken: async (name) =>
      void (await at.write(`${name}/${name}`, bashPlugin(name, { schema: "echo no luck >&2; exit 3" }))),
    uninstall: (name) => rm(join(at.dir, name), { recursive: true }),
    [Symbol.asyncDispose]: () => at[Symbol.asyncDispose](),
  };
});
