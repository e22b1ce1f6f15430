import { readdir } from "node:fs/promises";
import type { Forward, HeldPort, Log, Network, NetworkPart, NetworkReport, NetworkSpec } from "@dockersnap/core";
import { hasErrno } from "../process/errno.ts";
import { acting } from "./acting.ts";
import { Claims } from "./claim.ts";
import { Conntrack } from "./conntrack.ts";
import type { Element } from "./elements.ts";
import { Firewall } from "./firewall.ts";
import { HostPorts, portKey, udpPort } from "./host-ports.ts";
import { namespaceId } from "./inhabitants.ts";
import { linkElements, stubOf } from "./link-elements.ts";
import { Links, type Survey } from "./links.ts";
import { LoopbackPorts } from "./loopback.ts";
import { type NameOptions, NetworkNames, namespaceDir } from "./names.ts";
import { hostResolver, resolvConfIn, writeResolver } from "./resolver.ts";
import { enableForwarding } from "./sysctl.ts";
import { Table } from "./table.ts";
import { Upkeep } from "./upkeep.ts";
import { Wanted } from "./wanted.ts";

export interface NetworkOptions extends NameOptions {
  /** The host's address forwarded ports answer at; `0.0.0.0` for all of them, a loopback address for this host alone. */
  readonly proxyBind: string;
  /** Name servers for instances; empty for the host's own. */
  readonly dns: readonly string[];
  readonly log: Log;
  /** Where the daemon's own API listens: a port that is never forwarded. */
  readonly api?: { readonly host: string; readonly port: number };
  /** Name of the nftables table. Two daemons on a host need two, and prefixes of their own. Default: `dockersnap`. */
  readonly table?: string;
}

/**
 * Instances' networks on Linux: named namespaces, veth pairs and one nftables table, through `ip`, `nft`, `tc` and, where
 * the host filters with it, `iptables`. A proxy address that is no IPv4 address is `invalid_request`.
 */
export function createNetwork(options: NetworkOptions): Network {
  const { proxyBind, log, table = "dockersnap", etcNetnsDir = "/etc/netns" } = options;
  const names = new NetworkNames(options);
  const parts = {
    names,
    claims: new Claims(names, table),
    links: new Links(names),
    table: new Table({ name: table, proxyBind, log }),
    loopback: new LoopbackPorts(names, table),
    firewall: new Firewall({ table, log }),
    conntrack: new Conntrack(log),
    wanted: new Wanted(),
    dns: options.dns,
    etcNetnsDir,
    log,
  };
  const netnsPath = (owner: string) => names.netnsPath(owner);
  const ports = new HostPorts({ proxyBind, api: options.api, table: parts.table, netnsPath, log });
  return new HostNetwork({ ...parts, ports, upkeep: new Upkeep({ ...parts, ports }) });
}

interface Parts {
  readonly names: NetworkNames;
  readonly claims: Claims;
  readonly links: Links;
  readonly table: Table;
  readonly loopback: LoopbackPorts;
  readonly firewall: Firewall;
  readonly conntrack: Conntrack;
  readonly ports: HostPorts;
  readonly wanted: Wanted;
  readonly upkeep: Upkeep;
  readonly dns: readonly string[];
  readonly etcNetnsDir: string;
  readonly log: Log;
}

class HostNetwork implements Network {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  async open(): Promise<void> {
    const { table, ports } = this.#parts;
    const work = "prepare the host's network";
    await acting(work, [enableForwarding, () => table.open()]);
    await acting(work, [() => this.#acceptAll(), () => ports.takeForwarded()]);
  }

  keep(restored: (what: NetworkPart) => void): void {
    this.#parts.upkeep.start(restored);
  }

  report(): Promise<NetworkReport> {
    return this.#parts.upkeep.report();
  }

  inspect(specs: readonly NetworkSpec[]): Promise<NetworkReport> {
    return this.#parts.upkeep.inspect(specs);
  }

  async close(): Promise<void> {
    await this.#parts.upkeep.close();
    await this.#parts.ports.close();
  }

  netnsPath(name: string): string {
    return this.#parts.names.netnsPath(name);
  }

  resolvConf(name: string): string {
    return resolvConfIn(this.#parts.names.etcFolder(name));
  }

  create(spec: NetworkSpec): Promise<void> {
    return this.#parts.upkeep.pass(() => this.#establish(spec, () => this.#parts.links.survey(spec)));
  }

  renew(spec: NetworkSpec): Promise<void> {
    return this.#parts.upkeep.pass(() => this.#establish(spec, () => this.#parts.links.surveyForRenewal(spec)));
  }

  async #establish(spec: NetworkSpec, survey: () => Promise<Survey>): Promise<void> {
    const { names, claims, table, firewall, wanted, dns, log } = this.#parts;
    const { name, addresses } = spec;
    const device = names.device(name);
    const work = `set up the network of instance ${name}`;
    await acting(work, [() => claims.take(name)]);
    const [found, resolver] = await acting(work, [survey, () => hostResolver(dns, addresses.host)]);
    if (resolver.unreachable) {
      log.warn("no name server of this host has an IPv4 address; set docker.dns for instances to look up names", {
        instance: name,
      });
    }
    // Side by side: nothing runs in the namespace yet that a rule could come too late for.
    await acting(work, [
      () => this.#make(spec, found),
      () => table.replace(name, ["links", "dns"], linkElements(name, device, resolver)),
      () => firewall.accept([{ name, device, stub: resolver.stub }]),
      () => writeResolver(this.resolvConf(name), resolver.text),
    ]);
    wanted.set({ spec, resolver, namespace: await namespaceId(names.netnsPath(name)) });
  }

  remove(name: string): Promise<void> {
    return this.#parts.upkeep.pass(() => this.#remove(name));
  }

  async #remove(name: string): Promise<void> {
    const { claims, links, table, firewall, loopback, ports, conntrack, wanted } = this.#parts;
    const work = `remove the network of instance ${name}`;
    // A create that another daemon's claim refused is taken back through here.
    const [isOurs] = await acting(work, [() => claims.mayBeOurs(name)]);
    if (!isOurs) return;
    wanted.delete(name);
    loopback.forget(name);
    const [gone] = await acting(work, [
      () => table.replace(name, ["ports", "localports", "links", "dns"], []),
      () => links.remove(name),
      () => firewall.withdraw(name),
    ]);
    await ports.keepOnly(name, []);
    await acting(work, [() => claims.release(name), () => conntrack.forgetPorts(gone.flatMap(udpPort))]);
  }

  rename(from: string, spec: NetworkSpec): Promise<void> {
    return this.#parts.upkeep.pass(() => this.#rename(from, spec));
  }

  async #rename(from: string, spec: NetworkSpec): Promise<void> {
    const { names, claims, links, table, loopback, ports, wanted } = this.#parts;
    const { name } = spec;
    const work = `give the network of instance ${from} to ${name}`;
    await acting(work, [() => claims.move(from, name)]);
    const [old, device] = [names.device(from), names.device(name)];
    await acting(work, [
      () => links.rename(from, name),
      () => table.hand(from, name, ({ key }) => (key.split(" . ")[0] === old ? key.replace(old, device) : key)),
      () => this.#renamePassage(from, name),
    ]);
    loopback.rename(from, name);
    ports.rename(from, name);
    wanted.rename(from, spec);
  }

  setForwards(spec: NetworkSpec, forwards: readonly Forward[]): Promise<void> {
    return this.#parts.upkeep.pass(() => this.#setForwards(spec, forwards));
  }

  async #setForwards(spec: NetworkSpec, forwards: readonly Forward[]): Promise<void> {
    const { table, ports, conntrack } = this.#parts;
    const { name, addresses } = spec;
    const led = forwards.filter(({ relayTo }) => relayTo === undefined);
    const elements = led.map((forward): Element => forwardElement(name, addresses.inside, forward));
    const work = `forward the ports of instance ${name}`;
    await acting(work, [() => this.#setLoopback(spec, led)]);
    const [changed] = await acting(work, [
      async () => {
        await ports.takeAll(name, forwards);
        return table.replace(name, ["ports", "localports"], elements);
      },
    ]);
    await ports.keepOnly(name, forwards);
    const udp = forwards.filter(({ protocol }) => protocol === "udp").map(({ targetPort }) => targetPort);
    await acting(work, [
      () => conntrack.forgetPorts(changed.flatMap(udpPort)),
      () => (udp.length > 0 ? conntrack.forgetUnled(this.netnsPath(name), addresses.inside, udp) : undefined),
    ]);
  }

  async hostPortTaken(port: number, protocol: "tcp" | "udp"): Promise<boolean> {
    const [taken] = await acting(`look at port ${port} of the host`, [() => this.#parts.ports.isTaken(port, protocol)]);
    return taken;
  }

  hold(instance: string, port: HeldPort): Promise<boolean> {
    return this.#parts.ports.take(instance, port);
  }

  async list(): Promise<readonly string[]> {
    const { names, claims, links, table, firewall, etcNetnsDir } = this.#parts;
    const [namespaces, folders, elements, linked, accepted] = await acting("list the networks of instances", [
      () => entries(namespaceDir),
      () => entries(etcNetnsDir),
      () => table.elements(),
      () => links.owners(),
      () => firewall.owners(),
    ]);
    const found = [
      ...[...namespaces, ...folders].map((entry) => names.ofNamespace(entry)),
      ...elements.map(({ owner }) => owner),
      ...linked,
      ...accepted,
    ];
    const all = [...new Set(found)].filter((name) => name !== undefined && name !== "").map(String);
    const ours = await Promise.all(all.map((name) => claims.isLeftover(name)));
    return all.filter((_name, index) => ours[index]).sort();
  }

  async #acceptAll(): Promise<void> {
    const { names, links, table, firewall } = this.#parts;
    const [elements, owners] = await Promise.all([table.lastSeen(), links.owners()]);
    await firewall.accept(owners.map((name) => ({ name, device: names.device(name), stub: stubOf(elements, [name]) })));
  }

  async #renamePassage(from: string, to: string): Promise<void> {
    const { names, table, firewall } = this.#parts;
    // Read beside the change of the table, so it is under either name.
    const stub = stubOf(await table.elements(), [from, to]);
    await firewall.hand(from, { name: to, device: names.device(to), stub });
  }

  async #make(spec: NetworkSpec, survey: Survey): Promise<void> {
    const { links, loopback, ports } = this.#parts;
    if (survey.namespace !== "sound") await ports.dropRelays(spec.name);
    if (!survey.right) loopback.forget(spec.name);
    await links.make(spec, survey);
    if (survey.namespace !== "sound") loopback.begin(spec.name);
  }

  async #setLoopback({ name, addresses }: NetworkSpec, forwards: readonly Forward[]): Promise<void> {
    const { links, loopback } = this.#parts;
    const ports = forwards.flatMap(({ protocol, targetPort, loopback: leads }) =>
      leads ? [{ protocol, port: targetPort }] : [],
    );
    if (ports.length === 0 && links.namespace(name) !== "sound") return;
    await loopback.set(name, addresses.inside, ports);
  }
}

function forwardElement(owner: string, inside: string, forward: Forward): Element {
  return {
    set: forward.loopback ? "localports" : "ports",
    key: portKey(forward.hostPort, forward.protocol),
    value: `${inside} . ${forward.targetPort}`,
    owner,
  };
}

async function entries(folder: string): Promise<readonly string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (hasErrno(error, "ENOENT")) return [];
    throw error;
  }
}
