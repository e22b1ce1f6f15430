import { contractVersion, type PluginInstance } from "@dockersnap/contract/words";
import type { ParsedInput } from "../input.ts";

/** What a daemon would send about an instance, with nothing forwarded and nothing configured. */
export function exampleInput(name: string, facts: Partial<PluginInstance> = {}): ParsedInput {
  return {
    contract_version: contractVersion,
    instance_name: name,
    instance: {
      name,
      socket: `/run/dockersnap/${name}.sock`,
      subnet: "10.10.0.0/16",
      data_root: `/var/lib/dockersnap/pool/instances/${name}`,
      host_veth_ip: "10.10.0.1",
      ns_veth_ip: "10.10.0.2",
      netns_name: `ds-${name}`,
      metallb_ip: "10.10.10.10",
      created_at: "2026-04-30T10:00:00Z",
      clone_of: "",
      host: "vm.example.com",
      ...facts,
    },
    forwarded_ports: [],
    env: {},
    plugin_config: {},
  };
}
