import type { BridgeNetwork } from "../engine/engine.ts";
import { type InstanceAddresses, overlap } from "./addresses.ts";

/** What is wrong and what to do about it, in a sentence each. */
export interface NetworkClash {
  readonly problem: string;
  readonly advice: string;
}

/** Networks of an instance's containers in which its link's addresses are: no packet finds its way then. */
export function networkClashes(
  instance: string,
  networks: readonly BridgeNetwork[],
  { host, inside }: Pick<InstanceAddresses, "host" | "inside">,
): readonly NetworkClash[] {
  return networks.flatMap(({ name, subnets }) => {
    const subnet = subnets.find(
      (one) => isIpv4(one) && [host, inside].some((address) => overlap(one, `${address}/32`)),
    );
    if (subnet === undefined) return [];
    return [
      {
        problem: `The Docker network '${name}' of '${instance}' has the subnet ${subnet}, which contains the addresses of the instance's own link to the host (${host} and ${inside}): ports of the instance do not answer, and its containers may not reach the host.`,
        advice: adviceFor(instance, name),
      },
    ];
  });
}

/** Docker does not remove its own bridge; its subnet is an option of the engine. */
function adviceFor(instance: string, name: string): string {
  if (name === "bridge") {
    return `Choose another subnet with the engine option 'bip': create '${instance}' anew with another, or change 'docker.engine' in the daemon's configuration and restart the instance.`;
  }
  return `Remove the network with 'dockersnap docker ${instance} -- network rm ${name}' and create it with another subnet.`;
}

function isIpv4(subnet: string): boolean {
  return /^\d+\.\d+\.\d+\.\d+\/\d+$/.test(subnet);
}
