import { type HostPort, isFree } from "./holds.ts";

/**
 * Whether any program of the host has this port, at whatever address. Found by taking the port on all addresses for a
 * moment: that costs the same on a host with a hundred thousand connections, where reading /proc/net/tcp takes seconds.
 */
export async function isListening({ port, protocol }: Pick<HostPort, "port" | "protocol">): Promise<boolean> {
  // A kernel without IPv6 has no socket for both families at once.
  const [both, four] = [
    await isFree({ protocol, port, address: "::" }),
    await isFree({ protocol, port, address: "0.0.0.0" }),
  ];
  return !both || !four;
}
