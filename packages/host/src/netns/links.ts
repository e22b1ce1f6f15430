import { readFileSync, statfsSync } from "node:fs";
import { DockersnapError } from "@dockersnap/contract/words";
import type { InstanceAddresses, NetworkSpec } from "@dockersnap/core";
import { hasErrno } from "../process/errno.ts";
import { run } from "../process/run.ts";
import { ip, ipShow } from "./ip.ts";
import { type Fields, fields, list } from "./json.ts";
import { guardLoopback } from "./loopback-guard.ts";
import { insideDevice, type NetworkNames } from "./names.ts";
import { hostRoutes, isRouted, parseCidr, refuseCollision } from "./routes.ts";
import { hardenDevice } from "./sysctl.ts";

/** From linux/magic.h. */
const nsfsMagic = 0x6e736673;

const linkPrefixLength = 30;

/** A file that a namespace is mounted on cannot be renamed, so the namespace gets a second one. Fixed, like every script. */
const bindNamespace = 'set -e; : >>"$2"; mount --bind "$1" "$2"';

/** What of an instance's network is there. */
export interface Survey {
  readonly namespace: "absent" | "broken" | "sound";
  /** Whatever is called as the host's end of the link is to be called. */
  readonly device: Fields | undefined;
  readonly inside: InsideView | undefined;
  /** Nothing has to be made. */
  readonly right: boolean;
}

/** Namespaces and the veth pairs that tie them to the host. */
export class Links {
  readonly #names: NetworkNames;

  constructor(names: NetworkNames) {
    this.#names = names;
  }

  /** Look, and change nothing. `wrong_state` when something of the host's own is in the way of what the spec says. */
  async survey(spec: NetworkSpec): Promise<Survey> {
    const { name, addresses } = spec;
    const namespace = namespaceState(this.#names.netnsPath(name));
    const [{ device, routes }, inside] = await Promise.all([
      this.#surveyHost(spec, namespace),
      namespace === "sound" ? insideView(this.#names.namespace(name)) : undefined,
    ]);
    const right =
      device !== undefined &&
      inside?.link !== undefined &&
      device.ifalias === this.#names.alias(name) &&
      device.link_index === inside.link.ifindex &&
      inside.link.link_index === device.ifindex &&
      isUp(device) &&
      isUp(inside.link) &&
      inside.loopbackUp &&
      hasAddress(device, addresses.host) &&
      hasAddress(inside.link, addresses.inside) &&
      inside.gateways.includes(addresses.host) &&
      subnetRoute(addresses).every(() =>
        isRouted(addresses.subnet, addresses.inside, this.#names.device(name), routes),
      );
    return { namespace, device, inside, right };
  }

  /** As `survey`, and takes whatever namespace is there for one to be replaced. */
  async surveyForRenewal(spec: NetworkSpec): Promise<Survey> {
    const found = namespaceState(this.#names.netnsPath(spec.name));
    const { device } = await this.#surveyHost(spec, found);
    return { namespace: found === "absent" ? "absent" : "broken", device, inside: undefined, right: false };
  }

  async #surveyHost({ name, addresses }: NetworkSpec, namespace: Survey["namespace"]) {
    const device = await this.#device(name);
    const routes = hostRoutes();
    if (device !== undefined && !this.#isOurs(name, device, namespace)) throw foreignDevice(name, device);
    refuseCollision(addresses.subnet, this.#names.device(name), routes);
    return { device, routes };
  }

  /** Have namespace, link, addresses and routes as the spec says. A sound namespace is kept, whatever its link is like. */
  async make({ name, addresses }: NetworkSpec, { namespace, device: present, inside, right }: Survey): Promise<void> {
    const device = this.#names.device(name);
    if (right) {
      await Promise.all([hardenDevice(device), guardLoopback(device)]);
      return;
    }
    // Whatever is called veth0 in there is in the way of ours. Its other end, if that is here, goes with it.
    if (inside?.link !== undefined) await ip([`link delete dev ${insideDevice}`], this.#names.namespace(name));
    await ip([
      ...(present !== undefined && deviceExists(device) ? [`link delete dev ${device}`] : []),
      ...(namespace === "broken" ? [`netns delete ${this.#names.namespace(name)}`] : []),
      ...(namespace === "sound" ? [] : [`netns add ${this.#names.namespace(name)}`]),
      `link add ${device} type veth peer name ${insideDevice} netns ${this.#names.namespace(name)}`,
      `link set dev ${device} alias ${this.#names.alias(name)}`,
      `address add ${addresses.host}/${linkPrefixLength} dev ${device}`,
      `link set dev ${device} up`,
      ...subnetRoute(addresses).map((route) => `route add ${route} dev ${device}`),
    ]);
    await hardenDevice(device);
    // Side by side: nothing runs in the namespace yet, or has a link by which it could reach the host.
    const guarded = guardLoopback(device);
    await Promise.all([guarded, this.#setUpInside(name, addresses)]);
  }

  async #setUpInside(name: string, addresses: InstanceAddresses): Promise<void> {
    await ip(
      [
        "link set dev lo up",
        `address add ${addresses.inside}/${linkPrefixLength} dev ${insideDevice}`,
        `link set dev ${insideDevice} up`,
        `route replace default via ${addresses.host}`,
      ],
      this.#names.namespace(name),
    );
  }

  /** The link goes before its namespace: the kernel takes a namespace's devices down some time after its name is gone. */
  async remove(name: string): Promise<void> {
    const namespace = namespaceState(this.#names.netnsPath(name));
    const device = await this.#device(name);
    const commands = [
      ...(device !== undefined && this.#isOurs(name, device, namespace)
        ? [`link delete dev ${this.#names.device(name)}`]
        : []),
      ...(namespace === "absent" ? [] : [`netns delete ${this.#names.namespace(name)}`]),
    ];
    if (commands.length > 0) await ip(commands);
  }

  /**
   * Give a namespace and its link another name while both are in use. What a first call left half done the next one
   * completes.
   */
  async rename(from: string, to: string): Promise<void> {
    await Promise.all([this.#renameDevice(from, to), this.#renameNamespace(from, to)]);
  }

  async #renameDevice(from: string, to: string): Promise<void> {
    const device = this.#names.device(from);
    if (!deviceExists(device)) return;
    // Name and alias in one message: a link that has only one of the two would be nobody's.
    const renamed = `link set dev ${device} name ${this.#names.device(to)} alias ${this.#names.alias(to)}`;
    try {
      await ip([renamed]);
    } catch (error) {
      if (!(await isUpYet(device))) throw error;
      // Before 6.2 the kernel renames no link that is up, and one that goes down loses its routes.
      const routes = await this.#routesThrough(device);
      await ip([
        `link set dev ${device} down`,
        renamed,
        `link set dev ${this.#names.device(to)} up`,
        ...routes.map((route) => `route replace ${route} dev ${this.#names.device(to)}`),
      ]);
    }
  }

  async #routesThrough(device: string): Promise<readonly string[]> {
    const [shown] = await ipShow([`route show dev ${device}`]);
    return list(shown)
      .map(fields)
      .flatMap(({ dst, gateway }) => (gateway === undefined ? [] : [`${String(dst)} via ${String(gateway)}`]));
  }

  async #renameNamespace(from: string, to: string): Promise<void> {
    const [old, renamed] = [this.#names.netnsPath(from), this.#names.netnsPath(to)];
    const [present, taken] = [namespaceState(old), namespaceState(renamed)];
    if (present === "sound" && taken !== "sound") await run("sh", ["-c", bindNamespace, "sh", old, renamed]);
    if (present !== "absent") await ip([`netns delete ${this.#names.namespace(from)}`]);
  }

  namespace(name: string): Survey["namespace"] {
    return namespaceState(this.#names.netnsPath(name));
  }

  /** Names of the instances whose links are on this host. */
  async owners(): Promise<readonly string[]> {
    const [shown] = await ipShow(["link show type veth"]);
    return list(shown).flatMap((entry) => {
      const { ifname, ifalias } = fields(entry);
      const owner = this.#names.ofDevice(String(ifname), typeof ifalias === "string" ? ifalias : "");
      return owner === undefined ? [] : [owner];
    });
  }

  async #device(name: string): Promise<Fields | undefined> {
    if (!deviceExists(this.#names.device(name))) return undefined;
    const [shown] = await ipShow([`address show dev ${this.#names.device(name)}`]);
    return fields(list(shown)[0]);
  }

  /**
   * systemd-nspawn calls its links the same. The kernel sets no alias while it makes a link, so one without belongs to
   * the namespace that was made just before it, or else to somebody else.
   */
  #isOurs(name: string, { ifalias }: Fields, namespace: Survey["namespace"]): boolean {
    return ifalias === undefined ? namespace !== "absent" : ifalias === this.#names.alias(name);
  }
}

function foreignDevice(name: string, { ifname }: Fields): DockersnapError {
  return new DockersnapError(
    "wrong_state",
    `The network device ${ifname} on this host was not made for instance ${name}, which needs that name. Remove it, or give the instance another name.`,
    { details: { device: ifname } },
  );
}

interface InsideView {
  readonly link: Fields | undefined;
  readonly loopbackUp: boolean;
  readonly gateways: readonly unknown[];
}

async function insideView(namespace: string): Promise<InsideView> {
  const [links, routes] = await ipShow(["address show", "route show default"], namespace);
  const devices = list(links).map(fields);
  return {
    link: devices.find((device) => device.ifname === insideDevice),
    loopbackUp: devices.some((device) => device.ifname === "lo" && isUp(device)),
    gateways: list(routes).map((route) => fields(route).gateway),
  };
}

export function isUp(device: Fields): boolean {
  return list(device.flags).includes("UP");
}

export function hasAddress(device: Fields, address: string): boolean {
  return list(device.addr_info)
    .map(fields)
    .some(({ local, prefixlen }) => local === address && prefixlen === linkPrefixLength);
}

/** The rest of the subnet is reached through the namespace; a subnet no larger than the link has no rest. */
export function subnetRoute({ subnet, inside }: InstanceAddresses): readonly string[] {
  return parseCidr(subnet).prefixLength < linkPrefixLength ? [`${subnet} via ${inside}`] : [];
}

/** `broken` is a name without a namespace behind it, as an `ip netns add` cut short leaves it. */
export function namespaceState(path: string): "absent" | "broken" | "sound" {
  try {
    return statfsSync(path).type === nsfsMagic ? "sound" : "broken";
  } catch (error) {
    if (hasErrno(error, "ENOENT")) return "absent";
    throw error;
  }
}

async function isUpYet(device: string): Promise<boolean> {
  if (!deviceExists(device)) return false;
  const [shown] = await ipShow([`link show dev ${device}`]);
  return isUp(fields(list(shown)[0]));
}

/** From /proc and not /sys, whose devices are those of the namespace it was mounted in. */
function deviceExists(device: string): boolean {
  const lines = readFileSync("/proc/net/dev", "utf8").split("\n");
  return lines.some((line) => line.trimStart().startsWith(`${device}:`));
}
