import { readFileSync } from "node:fs";
import { networkInterfaces } from "node:os";
import { DockersnapError } from "@dockersnap/contract/words";

/** A stretch of IPv4 addresses the host already sends somewhere. */
export interface Route {
  readonly device: string;
  readonly network: number;
  readonly prefixLength: number;
  readonly gateway: number;
}

/**
 * A VPN that takes over the default route often does it with two halves of the address space. Whatever is wider than
 * this is a default route, and every subnet lies within one.
 */
const widestPrefix = 8;

/** The host's routes of the main table, and its own addresses. */
export function hostRoutes(): readonly Route[] {
  const addresses = Object.entries(networkInterfaces()).flatMap(([device, entries = []]) =>
    entries.flatMap(({ family, cidr }) =>
      family === "IPv4" && cidr !== null ? [{ device, gateway: 0, ...parseCidr(cidr) }] : [],
    ),
  );
  return [...parseRoutes(readFileSync("/proc/net/route", "utf8")), ...addresses];
}

/** Reads /proc/net/route, which prints addresses as the words a little-endian machine has in memory. */
export function parseRoutes(text: string): readonly Route[] {
  return text
    .split("\n")
    .slice(1)
    .map((line) => line.trim().split(/\s+/))
    .flatMap(([device, destination, gateway, , , , , mask]) =>
      device === undefined || destination === undefined || gateway === undefined || mask === undefined
        ? []
        : [{ device, network: word(destination), gateway: word(gateway), prefixLength: bits(word(mask)) }],
    );
}

/** `wrong_state` when addresses of the subnet are in use on this host by anything but the instance's own device. */
export function refuseCollision(subnet: string, ownDevice: string, routes: readonly Route[]): void {
  const wanted = parseCidr(subnet);
  const other = routes.find(
    (route) => route.device !== ownDevice && route.prefixLength >= widestPrefix && overlap(route, wanted),
  );
  if (other === undefined) return;
  throw new DockersnapError(
    "wrong_state",
    `The subnet ${subnet} is already routed by ${other.device} on this host. Set network.base_offset to a range the host does not use.`,
    { details: { subnet, device: other.device } },
  );
}

/** Whether the host sends the subnet through this gateway and device. */
export function isRouted(subnet: string, gateway: string, device: string, routes: readonly Route[]): boolean {
  const { network, prefixLength } = parseCidr(subnet);
  return routes.some(
    (route) =>
      route.device === device &&
      route.network === network &&
      route.prefixLength === prefixLength &&
      route.gateway === toNumber(gateway),
  );
}

export function parseCidr(cidr: string): { network: number; prefixLength: number } {
  const [address = "", length = "32"] = cidr.split("/");
  const prefixLength = Number(length);
  const size = 2 ** (32 - prefixLength);
  return { network: Math.floor(toNumber(address) / size) * size, prefixLength };
}

function overlap(a: Pick<Route, "network" | "prefixLength">, b: Pick<Route, "network" | "prefixLength">): boolean {
  const size = 2 ** (32 - Math.min(a.prefixLength, b.prefixLength));
  return Math.floor(a.network / size) === Math.floor(b.network / size);
}

function toNumber(address: string): number {
  return address.split(".").reduce((sum, octet) => sum * 256 + Number(octet), 0);
}

function word(hex: string): number {
  return Buffer.from(hex, "hex").readUInt32LE();
}

function bits(mask: number): number {
  return [...mask.toString(2)].filter((digit) => digit === "1").length;
}
