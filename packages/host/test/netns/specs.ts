import { type Forward, instanceAddresses, type NetworkSpec } from "@dockersnap/core";

/** On a private host, where the instances' files for /etc are. */
export const etcNetnsDir = "/run/etc-netns";

const range = { baseOffset: "10.10.0.0", subnetSize: 16, metallbHostOffset: "10.10" };

export function spec(name: string, index = 0): NetworkSpec {
  return { name, addresses: instanceAddresses(range, index) };
}

export function forward(hostPort: number, targetPort: number, more: Partial<Forward> = {}): Forward {
  return { hostPort, targetPort, protocol: "tcp", loopback: false, ...more };
}
