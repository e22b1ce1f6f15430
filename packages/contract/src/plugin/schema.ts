import * as z from "zod";

export const ConfigOptionType = z.enum(["string", "int", "bool", "string-list", "path"]);
export type ConfigOptionType = z.infer<typeof ConfigOptionType>;

export const ConfigOption = z.object({
  name: z
    .string()
    .min(1, { error: "expected a name" })
    .describe("The key; dots are part of a flat name, such as `proxy.http`"),
  type: ConfigOptionType.describe("a `path` names a file on the daemon's host"),
  default: z.unknown().optional().describe("Of the option's type; `{{ instance_name }}` in it is filled in"),
  required: z.boolean().optional(),
  description: z.string().optional(),
});
export type ConfigOption = z.infer<typeof ConfigOption>;

/** Hooks a plugin may list; a plugin that does not list one is never called with it. */
export const Hook = z.enum(["pre_snapshot", "post_snapshot", "post_revert", "post_clone"]);
export type Hook = z.infer<typeof Hook>;

export const SchemaResponse = z.object({
  contract_version: z.string().nullish().describe('`"1"`; the supported versions count where there are any'),
  supported_contract_versions: z
    .array(z.string())
    .nullish()
    .describe("The daemon takes the highest one it knows; `contract_version` alone unless given"),
  plugin_name: z.string().nullish().describe("The name of the executable, which is what it goes by"),
  plugin_version: z.string().nullish(),
  description: z.string().optional(),
  config_options: z.array(ConfigOption).nullish().describe("The keys there are under `--config`"),
  hooks: z.array(z.string()).nullish().describe("The hooks to call this plugin with"),
  commands: z
    .array(z.string())
    .nullish()
    .describe("The commands it does something of its own for; told to people, and all are called all the same"),
  reads_input_first: z
    .boolean()
    .nullish()
    .describe(
      "It does nothing before it has read its whole input. A process may then be started before there is one, to wait for it, and be ended without one",
    ),
});
export type SchemaResponse = z.infer<typeof SchemaResponse>;
