import * as z from "zod";
import { ConfigOption } from "../plugin/schema.ts";

export const PluginInfo = z.object({
  name: z.string(),
  status: z.enum(["ready", "disabled"]),
  error: z.string().optional(),
  version: z.string().optional(),
  description: z.string().optional(),
  supported_contract_versions: z.array(z.string()).optional(),
  config_options: z.array(ConfigOption).optional(),
  schema_digest: z.string().optional(),
  binary_digest: z.string().optional(),
  hooks: z.array(z.string()).optional(),
  /** What the plugin says it does something of its own for. */
  commands: z.array(z.string()).optional(),
  path: z.string().optional(),
  /** Things an operator should know of a plugin that works, such as a second file of the same name. */
  warnings: z.array(z.string()).optional(),
});
export type PluginInfo = z.infer<typeof PluginInfo>;
