import type { PluginCommand, PluginInput, PortMapping } from "@dockersnap/contract/words";
import type { InstanceAddresses } from "../network/addresses.ts";
import type { InstanceRecord, WorkloadRecord } from "../records/records.ts";

interface Facts {
  readonly command: PluginCommand;
  readonly record: InstanceRecord;
  readonly workload: WorkloadRecord;
  readonly addresses: InstanceAddresses;
  readonly socket: string;
  readonly dataRoot: string;
  readonly netnsName: string;
  readonly ports: readonly PortMapping[];
  /** Proxy settings, and nothing else of the daemon's environment. */
  readonly env: Readonly<Record<string, string>>;
  /** The address of this machine in the eyes of whoever asked. */
  readonly host: string;
}

/** What a plugin reads on stdin. */
export function pluginInput(facts: Facts): PluginInput {
  const { record, workload, addresses } = facts;
  return {
    contract_version: workload.contractVersion,
    command: facts.command,
    instance_name: record.name,
    instance: {
      name: record.name,
      socket: facts.socket,
      subnet: addresses.subnet,
      data_root: facts.dataRoot,
      host_veth_ip: addresses.host,
      ns_veth_ip: addresses.inside,
      netns_name: facts.netnsName,
      metallb_ip: addresses.metallb,
      created_at: record.createdAt,
      clone_of: record.cloneOf === undefined ? "" : `${record.cloneOf.instance}@${record.cloneOf.label}`,
      host: facts.host,
    },
    forwarded_ports: facts.ports.map((port) => ({
      label: port.description,
      container_port: port.in_container_port,
      host_port: port.host_port,
      protocol: port.protocol,
    })),
    env: { ...facts.env },
    plugin_config: { ...workload.config },
  };
}
