import { overlap } from "@dockersnap/core";

interface AddressPool {
  readonly base: string;
  /** The prefix length of the networks that are made from it. */
  readonly size: number;
}

/** Docker's own choice, as networks of the size they get. */
const dockersOwn: readonly AddressPool[] = [
  ...Array.from({ length: 15 }, (_, index) => ({ base: `172.${17 + index}.0.0/16`, size: 16 })),
  ...Array.from({ length: 16 }, (_, index) => ({ base: `192.168.${index * 16}.0/20`, size: 20 })),
];

/**
 * What an engine may make networks of by itself, without those that overlap `reserved`: in such a network, containers
 * would have addresses of the instance's own link. Undefined when Docker's own choice will do.
 */
export function addressPools(reserved: string): readonly AddressPool[] | undefined {
  const pools = dockersOwn.filter(({ base }) => !overlap(base, reserved));
  return pools.length === dockersOwn.length ? undefined : pools;
}
