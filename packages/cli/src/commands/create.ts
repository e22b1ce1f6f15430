import type { Client } from "@dockersnap/client";
import { type CreateInstanceRequest, DockersnapError } from "@dockersnap/contract/words";
import { word } from "../arguments.ts";
import { defineCommand } from "../command.ts";
import { parseEngineOptions } from "../config/engine-options.ts";
import { readConfigFile } from "../config/file.ts";
import { limitOptions, parseLimits } from "../config/limits.ts";
import { parsePairs, parseTags, parseTexts } from "../config/pairs.ts";
import { UsageError } from "../failure.ts";
import { list, text } from "../options.ts";

export const create = defineCommand({
  summary: "Create an instance, with a workload if a plugin is named",
  description:
    "Values of --config that read as true, false, null, a number or bracketed JSON are just that, unless the plugin takes\n" +
    "text for that key; all others are text.\n" +
    "They win over the same keys of --config-file.",
  args: { name: word("name", "The new instance's name") },
  options: {
    plugin: text("plugin", "The workload's plugin", { short: "p", completes: "plugin" }),
    config: list("key=value", "One key of the plugin's configuration; may be repeated", { completes: "config" }),
    configFile: text("file", "The plugin's configuration, as YAML or JSON", { completes: "file" }),
    label: list("key=value", "A label of the operator's, with or without a value; may be repeated"),
    ...limitOptions,
    engine: list("key=value", "An option of the Docker engine, as its daemon.json has it; may be repeated"),
  },
  examples: [
    "dockersnap create web",
    "dockersnap create ci --engine registry-mirrors=http://10.0.0.5:5000 --engine log-opts.max-size=50m",
    "dockersnap create demo --plugin echo --config text=hello --config port=5678",
    "dockersnap create ci --plugin kind --config-file kind.yaml --memory 4g --disk 20g",
  ],
  async run({ args, options, client, follow, out }) {
    const plugin = options.plugin || undefined;
    const fromFile = options.configFile === undefined ? {} : await readConfigFile(options.configFile);
    // Looked at before anybody is asked about the plugin.
    const given = parseTexts(options.config, "--config");
    const configured = options.configFile !== undefined || options.config.length > 0;
    if (configured && plugin === undefined) {
      throw new UsageError("A configuration is its plugin's: name that with --plugin.");
    }
    const limits = parseLimits(options);
    const engine = parseEngineOptions(options.engine);
    const texts = Object.keys(given).length === 0 ? undefined : await textOptions(client, plugin);
    const config = { ...fromFile, ...parsePairs(options.config, "--config", texts) };
    const request: CreateInstanceRequest = {
      name: args.name,
      ...(plugin === undefined ? {} : { workload_inline: { plugin, config } }),
      ...(limits === undefined ? {} : { limits }),
      ...(engine === undefined ? {} : { engine }),
      ...(options.label.length === 0 ? {} : { labels: parseTags(options.label, "--label") }),
    };
    const instance = await follow((following) => client.instances.create(request, following));
    for (const warning of instance.warnings ?? []) out.warn(warning);
    await out.done(instance, { text: () => `Created ${instance.name}.\n`, names: () => [instance.name] });
    out.note(`Use it with: eval "$(dockersnap use ${instance.name})"`);
  },
});

/** The options the plugin declares to be text. Of a plugin that is not there the create itself says so. */
async function textOptions(client: Client, plugin: string | undefined): Promise<ReadonlySet<string>> {
  if (plugin === undefined) return new Set();
  try {
    const { config_options: declared = [] } = await client.plugins.get(plugin);
    return new Set(declared.filter(({ type }) => type === "string" || type === "path").map(({ name }) => name));
  } catch (error) {
    if (error instanceof DockersnapError) return new Set();
    throw error;
  }
}
