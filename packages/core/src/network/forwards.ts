import type { PortMapping } from "@dockersnap/contract/words";
import type { Forward } from "./network.ts";

/** What the network has to do for a port: IPv4 and `::1` are led on apart. */
export function forwardsOf(mapping: PortMapping): readonly Forward[] {
  const { host_port: hostPort, container_port: targetPort, protocol, ipv6_loopback: ipv6Loopback } = mapping;
  const forward = { hostPort, protocol, targetPort };
  return [
    ...(ipv6Loopback === "only" ? [] : [{ ...forward, loopback: mapping.loopback === true }]),
    ...(ipv6Loopback === undefined ? [] : [{ ...forward, loopback: true, relayTo: targetPort }]),
  ];
}
