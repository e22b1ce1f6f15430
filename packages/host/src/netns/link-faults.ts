import type { NetworkSpec } from "@dockersnap/core";
import { ipShow } from "./ip.ts";
import { type Fields, fields, list } from "./json.ts";
import { hasAddress, isUp, namespaceState, subnetRoute } from "./links.ts";
import { unguarded } from "./loopback-guard.ts";
import type { NetworkNames } from "./names.ts";
import { hostRoutes, isRouted, type Route } from "./routes.ts";
import { softened } from "./sysctl.ts";

/** Something on the host's side of an instance's link that is not as it must be. */
export interface LinkFault {
  readonly instance: string;
  readonly what: "link" | "namespace" | "settings";
  /** A sentence. */
  readonly message: string;
}

/**
 * Compare the host's side of these links with what it must be, and change nothing. What runs in a namespace may do there
 * as it likes, so the inside is not looked at.
 */
export async function linkFaults(names: NetworkNames, specs: readonly NetworkSpec[]): Promise<readonly LinkFault[]> {
  if (specs.length === 0) return [];
  const [shown] = await ipShow(["address show type veth"]);
  const devices = new Map(list(shown).map((entry) => [fields(entry).ifname, fields(entry)]));
  const routes = hostRoutes();
  const there = specs.map(({ name }) => names.device(name)).filter((device) => devices.has(device));
  const open = await unguarded(there);
  return specs.flatMap((spec): readonly LinkFault[] => {
    const device = names.device(spec.name);
    const seen = devices.get(device);
    const path = names.netnsPath(spec.name);
    const faults: readonly (readonly [LinkFault["what"], string])[] = [
      ...(namespaceState(path) === "sound" ? [] : [["namespace", `${path} is missing.`] as const]),
      ...(seen === undefined
        ? [["link", `The device ${device} is missing.`] as const]
        : deviceFaults(names, spec, seen, routes)),
      ...(open.includes(device)
        ? [["settings", `The device ${device} lacks the filter that guards the host's loopback.`] as const]
        : []),
    ];
    return faults.map(([what, message]) => ({ instance: spec.name, what, message }));
  });
}

function deviceFaults(
  names: NetworkNames,
  { name, addresses }: NetworkSpec,
  seen: Fields,
  routes: readonly Route[],
): readonly (readonly [LinkFault["what"], string])[] {
  const device = names.device(name);
  const rest = subnetRoute(addresses).length > 0;
  return [
    ...(isUp(seen) ? [] : [["link", `The device ${device} is down.`] as const]),
    ...(seen.ifalias === names.alias(name) ? [] : [["link", `The alias of ${device} was changed.`] as const]),
    ...(hasAddress(seen, addresses.host)
      ? []
      : [["link", `The device ${device} lacks its address ${addresses.host}.`] as const]),
    ...(!rest || isRouted(addresses.subnet, addresses.inside, device, routes)
      ? []
      : [["link", `The host has no route to ${addresses.subnet} through ${device}.`] as const]),
    ...softened(device).map((setting) => ["settings", `The kernel setting ${setting} was changed.`] as const),
  ];
}
