import type { PluginInfo } from "@dockersnap/contract/words";
import { word } from "../arguments.ts";
import { defineCommand } from "../command.ts";
import { fields, table } from "../output/table.ts";

export const pluginDescribe = defineCommand({
  summary: "Show a plugin and its configuration options",
  args: { name: word("plugin", "The plugin", "plugin") },
  examples: ["dockersnap plugin describe echo", "dockersnap plugin describe echo -o json | jq .config_options"],
  async run({ args, client, out }) {
    const plugin = await client.plugins.get(args.name);
    await out.result(plugin, { text: () => shown(plugin, out.colors.bold), names: () => [plugin.name] });
  },
});

function shown(plugin: PluginInfo, bold: (text: string) => string): string {
  const head = fields(
    [
      ["Name", plugin.name],
      ["Status", plugin.status],
      ["Error", plugin.error],
      ["Version", plugin.version],
      ["Description", plugin.description],
      ["Contract", plugin.supported_contract_versions?.join(", ")],
      ["Commands", plugin.commands?.join(", ")],
      ["Hooks", plugin.hooks?.join(", ")],
      ["File", plugin.path],
      ["Digest", plugin.binary_digest],
      ["Warnings", plugin.warnings?.join("; ")],
    ],
    bold,
  );
  const rows = (plugin.config_options ?? []).map((option) => [
    option.name,
    option.type,
    option.required ? "required" : option.default === undefined ? "" : JSON.stringify(option.default),
    option.description ?? "",
  ]);
  return rows.length === 0 ? head : `${head}\n${table(["CONFIG", "TYPE", "DEFAULT", ""], rows, bold)}`;
}
