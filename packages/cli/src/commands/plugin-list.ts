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
  const rows = plugins.map((one) => [one.name, one.status, one.version ?? "", one.error ?? one.description ?? ""]);
  await out.result(plugins, {
    text: () => table(["NAME", "STATUS", "VERSION", ""], rows, out.colors.bold),
    names: () => plugins.map((one) => one.name),
  });
}
