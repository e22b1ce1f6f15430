import * as z from "zod";

export const ConfigOptionType = z.enum(["string", "int", "bool", "string-list", "path"]);
export type ConfigOptionType = z.infer<typeof ConfigOptionType>;

export const ConfigOption = z.object({
  /** The key; dots in it are part of a flat name. */
  name: z.string().min(1, { error: "expected a name" }),
  type: ConfigOptionType,
  default: z.unknown().optional(),
  required: z.boolean().optional(),
  description: z.string().optional(),
});
export type ConfigOption = z.infer<typeof ConfigOption>;

/** Hooks a plugin may list; a plugin that does not list one is never called with it. */
export const Hook = z.enum(["pre_snapshot", "post_snapshot", "post_revert", "post_clone"]);
export type Hook = z.infer<typeof Hook>;

export const SchemaResponse = z.object({
  contract_version: z.string(),
  /** Left out, it is `contract_version` alone. */
  supported_contract_versions: z.array(z.string()).nullish(),
  plugin_name: z.string(),
  plugin_version: z.string(),
  description: z.string().optional(),
  config_options: z.array(ConfigOption).nullish(),
  hooks: z.array(z.string()).nullish(),
});
export type SchemaResponse = z.infer<typeof SchemaResponse>;
