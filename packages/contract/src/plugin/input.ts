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
  label: z.string().describe("Stays the same for one port of a container"),
  container_port: z.int().describe("Inside the container: what a plugin's author knows"),
  host_port: z.int().describe("On the daemon's host"),
  protocol: PortProtocol,
});
export type ForwardedPort = z.infer<typeof ForwardedPort>;

export const PluginInstance = z.object({
  name: z.string(),
  socket: z.string().describe("The unix socket of the instance's engine"),
  subnet: z.string().describe("The addresses that belong to the instance"),
  data_root: z.string().describe("The folder that snapshots are of; the engine's whole state is in it"),
  host_veth_ip: z.string().describe("The host, as seen from the instance"),
  ns_veth_ip: z.string().describe("The instance, as seen from the host: published ports answer here"),
  netns_name: z.string().describe("Its network namespace, at `/run/netns/<name>`"),
  metallb_ip: z.string().describe("The first address of the subnet left to load balancers"),
  created_at: z.iso.datetime({ offset: true }).describe("RFC 3339; this daemon writes UTC, others may write an offset"),
  clone_of: z.string().optional().describe("`source@label`, or empty"),
  host: z.string().optional().describe("The address clients should use for the daemon's host"),
});
export type PluginInstance = z.infer<typeof PluginInstance>;

/** What a plugin reads on stdin, for every command but `init` and `schema`. */
export const PluginInput = z.object({
  contract_version: z.string().describe('`"1"`'),
  command: PluginCommand.describe("The command, as in the argument"),
  instance_name: z.string(),
  instance: PluginInstance,
  forwarded_ports: z
    .array(ForwardedPort)
    .nullish()
    .describe("What the daemon forwards; empty for `validate` and `deploy`"),
  env: z
    .record(z.string(), z.string())
    .nullish()
    .describe("The operator's proxy settings, in upper and lower case, and nothing else"),
  plugin_config: z.record(z.string(), z.unknown()).nullish().describe("Checked, with defaults and templates filled in"),
});
export type PluginInput = z.infer<typeof PluginInput>;
