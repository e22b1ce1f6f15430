import { DockersnapError } from "@dockersnap/contract/words";

export interface AddressRange {
  /** The network the first instance gets, such as `10.10.0.0`. */
  readonly baseOffset: string;
  /** Prefix length of one instance's subnet, such as 16. */
  readonly subnetSize: number;
  /** Last two octets of the address handed to load balancers inside, such as `10.10`; a smaller subnet takes their end. */
  readonly metallbHostOffset: string;
}

/** Addresses of one instance, all IPv4. */
export interface InstanceAddresses {
  /** In CIDR form, such as `10.10.0.0/16`. */
  readonly subnet: string;
  /** The host's end of the link; a /30 with `inside`. */
  readonly host: string;
  /** The namespace's end, named `veth0`. */
  readonly inside: string;
  readonly metallb: string;
}

/**
 * Addresses of the instance with this index. The first subnet is `base_offset`, each next one follows it.
 * An index past the end of IPv4's private range 10.0.0.0/8 (or wherever the base lies) is `no_space`.
 */
export function instanceAddresses(range: AddressRange, index: number): InstanceAddresses {
  const size = 2 ** (32 - range.subnetSize);
  const base = toNumber(range.baseOffset) + index * size;
  if (base + size > privateRangeEnd(range.baseOffset)) {
    throw new DockersnapError(
      "no_space",
      `No subnet is left for another instance: number ${index} does not fit after network.base_offset ${range.baseOffset} with /${range.subnetSize}. Delete an instance or choose a smaller network.subnet_size.`,
    );
  }
  return {
    subnet: `${toAddress(base)}/${range.subnetSize}`,
    host: toAddress(base + 1),
    inside: toAddress(base + 2),
    metallb: toAddress(base + (offsetOf(range.metallbHostOffset) % size)),
  };
}

/** The lowest index not in use. */
export function lowestFreeIndex(used: Iterable<number>): number {
  const taken = new Set(used);
  let index = 0;
  while (taken.has(index)) index += 1;
  return index;
}

/** Whether two IPv4 networks in CIDR form have addresses in common. */
export function overlap(one: string, other: string): boolean {
  const [a, b] = [range(one), range(other)];
  return a.first <= b.last && b.first <= a.last;
}

function range(cidr: string): { first: number; last: number } {
  const [address = "", prefixLength = "32"] = cidr.split("/");
  const size = 2 ** (32 - Number(prefixLength));
  const first = Math.floor(toNumber(address) / size) * size;
  return { first, last: first + size - 1 };
}

function toNumber(address: string): number {
  return address.split(".").reduce((sum, octet) => sum * 256 + Number(octet), 0);
}

function toAddress(value: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256).join(".");
}

function offsetOf(hostOffset: string): number {
  return hostOffset.split(".").reduce((sum, octet) => sum * 256 + Number(octet), 0);
}

function privateRangeEnd(baseOffset: string): number {
  const [first = 0, second = 0] = baseOffset.split(".").map(Number);
  if (first === 172 && second >= 16 && second < 32) return toNumber("172.32.0.0");
  if (first === 192 && second === 168) return toNumber("192.169.0.0");
  return (first + 1) * 2 ** 24;
}
