import type { PluginInfo } from "@dockersnap/contract/words";
import { defineCommand } from "../command.ts";
import type { Output } from "../output/output.ts";
import { table } from "../output/table.ts";

export const pluginList = defineCommand({
  summary: "List the plugins",
  args: {},
  examples: ["dockersnap plugin list"],
  async run({ client, out }) {
    await showPlugins(await client.plugins.list(), out);
  },
});

export async function showPlugins(plugins: readonly PluginInfo[], out: Output): Promise<void> {
  const rows = plugins.map((one) => [one.name, one.status, one.version ?? "", remark(one)]);
  await out.result(plugins, {
    text: () => table(["NAME", "STATUS", "VERSION", ""], rows, out.colors.bold),
    names: () => plugins.map((one) => one.name),
  });
}

/** A reason may be all that a program said; a list shows how it begins. */
const longestReason = 160;

function remark({ name, error, description = "" }: PluginInfo): string {
  if (error === undefined || error.length <= longestReason) return error ?? description;
  return `${error.slice(0, longestReason)}… (all of it: dockersnap plugin describe ${name})`;
}
