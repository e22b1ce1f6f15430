import { readdir } from "node:fs/promises";
import { DockersnapError } from "@dockersnap/contract/words";
import type { Forward, Log, Network, NetworkSpec } from "@dockersnap/core";
import { hasErrno } from "../process/errno.ts";
import { Claims } from "./claim.ts";
import { Firewall } from "./firewall.ts";
import { Links, type Survey } from "./links.ts";
import { isListening } from "./listeners.ts";
import { LoopbackPorts } from "./loopback.ts";
import { NetworkNames, namespaceDir } from "./names.ts";
import { hostResolver, resolvConfIn, writeResolver } from "./resolver.ts";
import { enableForwarding } from "./sysctl.ts";
import { type Element, Table } from "./table.ts";

export interface NetworkOptions {
  /** The host's address forwarded ports answer at; `0.0.0.0` for all of them, a loopback address for this host alone. */
  readonly proxyBind: string;
  /** Name servers for instances; empty for the host's own. */
  readonly dns: readonly string[];
  readonly log: Log;
  /** Name of the nftables table. Two daemons on a host need two, and prefixes of their own. Default: `dockersnap`. */
  readonly table?: string;
  /** Default: `/etc/netns`. */
  readonly etcNetnsDir?: string;
  /** Default: `ds-`. */
  readonly namespacePrefix?: string;
  /** At most seven characters. Default: `ve-`. */
  readonly vethPrefix?: string;
}

/**
 * Instances' networks on Linux: named namespaces, veth pairs and one nftables table, through `ip`, `nft` and, where the
 * host filters with it, `iptables`. A proxy address that is no IPv4 address is `invalid_request`.
 *
 * A connection keeps going where it went when it began. The kernel tracks it apart from the table, so a UDP client that
 * never falls silent stays with the instance that had the port, also after the port went to another one.
 */
export function createNetwork(options: NetworkOptions): Network {
  const { proxyBind, log, table = "dockersnap" } = options;
  const names = new NetworkNames({
    namespacePrefix: options.namespacePrefix ?? "ds-",
    vethPrefix: options.vethPrefix ?? "ve-",
    etcNetnsDir: options.etcNetnsDir ?? "/etc/netns",
  });
  return new HostNetwork({
    names,
    claims: new Claims(names, table),
    links: new Links(names),
    table: new Table({ name: table, proxyBind, log }),
    loopback: new LoopbackPorts(names, table),
    firewall: new Firewall({ table, log }),
    dns: options.dns,
    etcNetnsDir: options.etcNetnsDir ?? "/etc/netns",
    log,
  });
}

interface Parts {
  readonly names: NetworkNames;
  readonly claims: Claims;
  readonly links: Links;
  readonly table: Table;
  readonly loopback: LoopbackPorts;
  readonly firewall: Firewall;
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
    const { table } = this.#parts;
    const work = "prepare the host's network";
    await acting(work, [enableForwarding, () => table.open()]);
    await acting(work, [() => this.#acceptAll()]);
  }

  netnsPath(name: string): string {
    return this.#parts.names.netnsPath(name);
  }

  resolvConf(name: string): string {
    return resolvConfIn(this.#parts.names.etcFolder(name));
  }

  create(spec: NetworkSpec): Promise<void> {
    return this.#establish(spec, () => this.#parts.links.survey(spec));
  }

  renew(spec: NetworkSpec): Promise<void> {
    return this.#establish(spec, () => this.#parts.links.surveyForRenewal(spec));
  }

  async #establish(spec: NetworkSpec, survey: () => Promise<Survey>): Promise<void> {
    const { names, claims, table, firewall, dns, log } = this.#parts;
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
    const { stub } = resolver;
    const elements: readonly Element[] = [
      { set: "links", key: device, owner: name },
      ...(stub === undefined
        ? []
        : [{ set: "dns", key: `${device} . ${addresses.host}`, value: stub, owner: name } as const]),
    ];
    // Side by side: nothing runs in the namespace yet that a rule could come too late for.
    await acting(work, [
      () => this.#make(spec, found),
      () => table.replace(name, ["links", "dns"], elements),
      () => firewall.accept([{ name, device, stub }]),
      () => writeResolver(this.resolvConf(name), resolver.text),
    ]);
  }

  async remove(name: string): Promise<void> {
    const { claims, links, table, firewall, loopback } = this.#parts;
    const work = `remove the network of instance ${name}`;
    // A create that another daemon's claim refused is taken back through here.
    const [isOurs] = await acting(work, [() => claims.mayBeOurs(name)]);
    if (!isOurs) return;
    loopback.forget(name);
    await acting(work, [
      () => table.replace(name, ["ports", "links", "dns"], []),
      () => links.remove(name),
      () => firewall.withdraw(name),
    ]);
    await acting(work, [() => claims.release(name)]);
  }

  async rename(from: string, spec: NetworkSpec): Promise<void> {
    const { names, claims, links, table, loopback } = this.#parts;
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
  }

  async setForwards(spec: NetworkSpec, forwards: readonly Forward[]): Promise<void> {
    const { name, addresses } = spec;
    const elements = forwards.map(
      ({ protocol, hostPort, targetPort }): Element => ({
        set: "ports",
        key: portKey(hostPort, protocol),
        value: `${addresses.inside} . ${targetPort}`,
        owner: name,
      }),
    );
    const work = `forward the ports of instance ${name}`;
    await acting(work, [() => this.#setLoopback(spec, forwards)]);
    await acting(work, [() => this.#parts.table.replace(name, ["ports"], elements)]);
  }

  async hostPortTaken(port: number, protocol: "tcp" | "udp"): Promise<boolean> {
    const { table } = this.#parts;
    const isForwarded = async () => {
      const leads = ({ set, key }: Element) => set === "ports" && key === portKey(port, protocol);
      // What was seen a while ago can have become free.
      return (await table.lastSeen()).some(leads) && (await table.elements()).some(leads);
    };
    const [listening, forwarded] = await acting(`look at port ${port} of the host`, [
      () => isListening(port, protocol),
      isForwarded,
    ]);
    return listening || forwarded;
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
    const [elements, owners] = await Promise.all([table.elements(), links.owners()]);
    const stubs = new Map(elements.filter(({ set }) => set === "dns").map(({ owner, value }) => [owner, value]));
    await firewall.accept(owners.map((name) => ({ name, device: names.device(name), stub: stubs.get(name) })));
  }

  async #renamePassage(from: string, to: string): Promise<void> {
    const { names, table, firewall } = this.#parts;
    const elements = await table.elements();
    // Read beside the change of the table, so it is under either name.
    const stub = elements.find(({ set, owner }) => set === "dns" && (owner === from || owner === to))?.value;
    await firewall.hand(from, { name: to, device: names.device(to), stub });
  }

  async #make(spec: NetworkSpec, survey: Survey): Promise<void> {
    const { links, loopback } = this.#parts;
    if (!survey.right) loopback.forget(spec.name);
    await links.make(spec, survey);
    if (survey.namespace !== "sound") loopback.begin(spec.name);
  }

  async #setLoopback({ name, addresses }: NetworkSpec, forwards: readonly Forward[]): Promise<void> {
    const { links, loopback } = this.#parts;
    const ports = forwards.flatMap(({ protocol, targetPort, loopback: leads }) =>
      leads ? [{ protocol, port: targetPort }] : [],
    );
    if (ports.length === 0 && !links.hasNamespace(name)) return;
    await loopback.set(name, addresses.inside, ports);
  }
}

function portKey(port: number, protocol: "tcp" | "udp"): string {
  return `${protocol} . ${port}`;
}

async function entries(folder: string): Promise<readonly string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (hasErrno(error, "ENOENT")) return [];
    throw error;
  }
}

/**
 * Wait until all of these have ended, also when one fails: what still ran would undo the way back of its caller.
 * Failures a person can act on go out as they are; others say what was being done.
 */
async function acting<Results extends readonly unknown[]>(
  work: string,
  steps: readonly [...{ [Index in keyof Results]: () => Results[Index] | Promise<Results[Index]> }],
): Promise<Results> {
  const ends = await Promise.allSettled(steps.map(async (step) => step()));
  const failures = ends.flatMap((step) => (step.status === "rejected" ? [step.reason as unknown] : []));
  if (failures.length === 0) {
    return ends.map((step) => (step.status === "fulfilled" ? step.value : undefined)) as unknown as Results;
  }
  const known = failures.find((failure) => failure instanceof DockersnapError);
  if (known !== undefined) throw known;
  const cause = failures.length === 1 ? failures[0] : new AggregateError(failures);
  const said = failures.map((failure) => (failure instanceof Error ? failure.message : String(failure))).join("; ");
  throw new DockersnapError("internal", `Could not ${work}: ${said}`, { cause });
}
