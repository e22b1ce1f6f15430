import { contractVersion, type SchemaResponse } from "@dockersnap/contract/words";
import type { ConfigOptions } from "../config/declaration.ts";
import { hooks, type PluginDefinition } from "../definition.ts";

/** Without a handler of the plugin's own the SDK has the least that is true to say. */
const commands = ["init", "validate", "deploy", "teardown", "access", "describe", "health"] as const;

export function schemaResponse<O extends ConfigOptions>(plugin: PluginDefinition<O>): SchemaResponse {
  return {
    contract_version: contractVersion,
    supported_contract_versions: [contractVersion],
    plugin_name: plugin.name,
    plugin_version: plugin.version,
    ...(plugin.description !== undefined && { description: plugin.description }),
    config_options: plugin.configOptions.map((option) => ({ ...option, required: option.required ?? false })),
    hooks: hooks.filter((hook) => plugin.handlers[hook] !== undefined),
    commands: commands.filter((command) => plugin.handlers[command] !== undefined),
    reads_input_first: true,
  };
}
