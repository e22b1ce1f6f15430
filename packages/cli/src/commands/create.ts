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
  summary: "Create an instance, and deploy a workload if a plugin is named",
  description:
    "--config values that look like true, false, null, a number or JSON are parsed as such, unless the plugin declares the\n" +
    "key as text. --config overrides the same keys in --config-file.",
  args: { name: word("name", "The new instance's name") },
  options: {
    plugin: text("plugin", "Plugin that deploys the workload", { short: "p", completes: "plugin" }),
    config: list("key=value", "Set a key of the plugin's configuration; may be repeated", { completes: "config" }),
    configFile: text("file", "Read the plugin's configuration from a YAML or JSON file", { completes: "file" }),
    label: list("key=value", "Label the instance, with or without a value; may be repeated"),
    ...limitOptions,
    engine: list("key=value", "Set an option of the Docker engine, as in daemon.json; may be repeated"),
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
      throw new UsageError("--config needs --plugin: say which plugin it is for.");
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
