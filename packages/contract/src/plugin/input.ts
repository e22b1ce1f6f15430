import * as z from "zod";
import { PortProtocol } from "../api/port.ts";

export const PluginCommand = z.enum([
  "init",
  "schema",
  "validate",
  "deploy",
  "teardown",
  "access",
  "describe",
  "health",
  "pre_snapshot",
  "post_snapshot",
  "post_revert",
  "post_clone",
]);
export type PluginCommand = z.infer<typeof PluginCommand>;

export const ForwardedPort = z.object({
  label: z.string(),
  /** Inside the container: what a plugin's author knows. */
  container_port: z.int(),
  /** Listening on the daemon's host. */
  host_port: z.int(),
  protocol: PortProtocol,
});
export type ForwardedPort = z.infer<typeof ForwardedPort>;

export const PluginInstance = z.object({
  name: z.string(),
  socket: z.string(),
  subnet: z.string(),
  data_root: z.string(),
  host_veth_ip: z.string(),
  ns_veth_ip: z.string(),
  netns_name: z.string(),
  metallb_ip: z.string(),
  /** RFC 3339; this daemon writes UTC, others may write an offset. */
  created_at: z.iso.datetime({ offset: true }),
  /** `source@label`, or empty or absent. */
  clone_of: z.string().optional(),
  /** The address a client should use for the daemon's host. */
  host: z.string().optional(),
});
export type PluginInstance = z.infer<typeof PluginInstance>;

/** What a plugin reads on stdin, for every command but `init` and `schema`. */
export const PluginInput = z.object({
  contract_version: z.string(),
  command: PluginCommand,
  instance_name: z.string(),
  instance: PluginInstance,
  forwarded_ports: z.array(ForwardedPort).nullish(),
  env: z.record(z.string(), z.string()).nullish(),
  plugin_config: z.record(z.string(), z.unknown()).nullish(),
});
export type PluginInput = z.infer<typeof PluginInput>;
