import type { Log, NetworkFault, NetworkPart, NetworkReport, NetworkSpec } from "@dockersnap/core";
import type { Conntrack } from "./conntrack.ts";
import type { Element } from "./elements.ts";
import type { Firewall, Passage } from "./firewall.ts";
import type { HostPorts } from "./host-ports.ts";
import { inhabitant } from "./inhabitants.ts";
import { ip } from "./ip.ts";
import { Keeper, type KeptArea } from "./keeper.ts";
import { linkElements } from "./link-elements.ts";
import { linkFaults } from "./link-faults.ts";
import type { Links } from "./links.ts";
import type { LoopbackPorts } from "./loopback.ts";
import { Monitor } from "./monitor.ts";
import { type NetworkNames, namespaceDir } from "./names.ts";
import { hostResolver, readResolver, resolvConfIn, resolverFiles, writeResolver } from "./resolver.ts";
import { enableForwarding, isForwarding } from "./sysctl.ts";
import type { Table } from "./table.ts";
import type { Wanted, WantedNetwork } from "./wanted.ts";
import { FolderWatches } from "./watches.ts";

interface Parts {
  readonly names: NetworkNames;
  readonly links: Links;
  readonly table: Table;
  readonly loopback: LoopbackPorts;
  readonly firewall: Firewall;
  readonly conntrack: Conntrack;
  readonly ports: HostPorts;
  readonly wanted: Wanted;
  readonly dns: readonly string[];
  readonly etcNetnsDir: string;
  readonly log: Log;
}

/** Without a change, the host's name servers are read again this often: a watch of a folder can be refused. */
const roundMs = 60_000;

/**
 * Sees to it that what the daemon set up on the host's network stays as it must be: told of changes by the kernel where it
 * tells, it compares and puts right; where the host's name servers change, instances follow.
 */
export class Upkeep {
  readonly #parts: Parts;
  readonly #keeper: Keeper;
  readonly #monitors: readonly Monitor[];
  readonly #watches: FolderWatches;
  #round: NodeJS.Timeout | undefined;
  #following: Promise<void> = Promise.resolve();

  constructor(parts: Parts) {
    this.#parts = parts;
    const { log } = parts;
    const keeper = new Keeper([this.#rules(), this.#links(), this.#resolvers(), this.#ports()], log);
    this.#keeper = keeper;
    parts.ports.onLoss(() => keeper.wake(["ports"]));
    this.#monitors = [
      new Monitor(["nft", "monitor"], () => keeper.wake(["rules"]), log),
      // Of the kernel's settings it tells of forwarding alone.
      new Monitor(["ip", "monitor", "link", "address", "route", "netconf"], () => keeper.wake(["links", "ports"]), log),
    ];
    this.#watches = new FolderWatches(log);
  }

  /** A change of the daemon's own. */
  async pass<T>(change: () => Promise<T>): Promise<T> {
    return this.#keeper.gate.pass(change);
  }

  start(restored: (what: NetworkPart) => void): void {
    this.#keeper.start(restored);
    for (const monitor of this.#monitors) monitor.start();
    this.#watches.set("namespaces", [namespaceDir], () => this.#keeper.wake(["links"]));
    this.#watches.set("name servers", resolverFiles(), () => this.#followHost());
    this.#round = setInterval(() => this.#followHost(), roundMs);
    this.#round.unref();
    this.#followHost();
  }

  report(): Promise<NetworkReport> {
    return this.#keeper.report();
  }

  /** What of these networks is not as it must be, for a process that is not the daemon and set up none of them. */
  async inspect(specs: readonly NetworkSpec[]): Promise<NetworkReport> {
    const { dns } = this.#parts;
    const networks = specs.map((spec) => ({
      spec,
      resolver: hostResolver(dns, spec.addresses.host),
      namespace: undefined,
    }));
    const areas = [this.#rules(networks), this.#links(networks), this.#resolvers(networks)];
    const looks = await Promise.allSettled(areas.map((area) => area.look()));
    return {
      faults: looks.flatMap((look) => (look.status === "fulfilled" ? look.value : [])),
      unknown: looks.flatMap((look, index) =>
        look.status === "rejected" ? [`${areas[index]?.name}: ${messageOf(look.reason)}`] : [],
      ),
    };
  }

  async close(): Promise<void> {
    clearInterval(this.#round);
    this.#watches.close();
    for (const monitor of this.#monitors) monitor.close();
    await this.#keeper.close();
    await this.#following;
  }

  #wanted(networks: readonly WantedNetwork[] | undefined): readonly WantedNetwork[] {
    return networks ?? this.#parts.wanted.all();
  }

  #rules(networks?: readonly WantedNetwork[]): KeptArea {
    const { names, table, firewall } = this.#parts;
    const passages = () =>
      this.#wanted(networks).map(({ spec: { name }, resolver }): Passage => {
        return { name, device: names.device(name), stub: resolver.stub };
      });
    const expected = (): readonly Element[] =>
      (networks ?? []).flatMap(({ spec: { name }, resolver }) => linkElements(name, names.device(name), resolver));
    return {
      name: "rules",
      async look() {
        const [{ rules, owners }, lacking] = await Promise.all([
          table.inspect(expected()),
          firewall.lacking(passages()),
        ]);
        return [
          ...(rules === "right" ? [] : [tableFault(rules)]),
          ...owners.map((instance): NetworkFault => {
            const message = `The nftables table of the daemon does not have what instance '${instance}' needs.`;
            return { what: "table", instance, message };
          }),
          ...lacking.map((instance): NetworkFault => {
            const message = `The host's packet filter lacks the rules that let traffic of instance '${instance}' pass.`;
            return { what: "filter", instance, message };
          }),
        ];
      },
      async restore(faults) {
        if (faults.some(({ what }) => what === "table")) await table.restore();
        if (faults.some(({ what }) => what === "filter")) await firewall.accept(passages());
      },
    };
  }

  #links(networks?: readonly WantedNetwork[]): KeptArea {
    const { names } = this.#parts;
    return {
      name: "links",
      look: async () => [
        ...(isForwarding()
          ? []
          : [{ what: "settings", message: "The kernel setting net.ipv4.ip_forward is off." } as const]),
        ...(await linkFaults(
          names,
          this.#wanted(networks).map(({ spec }) => spec),
        )),
      ],
      restore: async (faults) => {
        if (faults.some(({ what, instance }) => what === "settings" && instance === undefined))
          await enableForwarding();
        for (const network of this.#wanted(networks)) {
          const its = faults.filter(({ instance }) => instance === network.spec.name);
          if (its.length > 0) await this.#relink(network, its);
        }
      },
    };
  }

  /** What runs in an instance is in its namespace: one with another content would be no use to it. */
  async #relink({ spec, namespace }: WantedNetwork, faults: readonly NetworkFault[]): Promise<void> {
    const { names, links, loopback } = this.#parts;
    if (faults.some(({ what }) => what === "namespace")) {
      const pid = namespace === undefined ? undefined : await inhabitant(namespace);
      if (pid === undefined) return;
      const name = names.namespace(spec.name);
      const isThere = links.namespace(spec.name) !== "absent";
      await ip([...(isThere ? [`netns delete ${name}`] : []), `netns attach ${name} ${pid}`]);
    }
    const survey = await links.survey(spec);
    await links.make(spec, survey);
    if (!survey.right) await loopback.again(spec.name, spec.addresses.inside);
  }

  #resolvers(networks?: readonly WantedNetwork[]): KeptArea {
    const { names } = this.#parts;
    const file = ({ spec }: WantedNetwork) => resolvConfIn(names.etcFolder(spec.name));
    const wrong = () =>
      this.#wanted(networks).filter((network) => readResolver(file(network)) !== network.resolver.text);
    return {
      name: "resolvers",
      look: async () =>
        wrong().map((network) => {
          return { what: "resolver", instance: network.spec.name, message: `${file(network)} was changed or removed.` };
        }),
      async restore() {
        for (const network of wrong()) writeResolver(file(network), network.resolver.text);
      },
    };
  }

  #ports(): KeptArea {
    const { ports } = this.#parts;
    return {
      name: "ports",
      look: async () =>
        ports.unheld().map(({ owner, port, isRelayed, why }) => {
          const message = isRelayed
            ? `The port ${port} cannot lead to instance '${owner}': ${why}.`
            : `The port ${port} leads to instance '${owner}' and cannot be held for it: another program may take it.`;
          return { what: "port", instance: owner, message };
        }),
      async restore() {
        await ports.retry();
      },
    };
  }

  #followHost(): void {
    this.#following = this.#following
      .then(() => this.pass(() => this.#follow()))
      .catch((error: unknown) => {
        this.#parts.log.error("instances could not be led to the host's name servers", { error });
      });
  }

  /** Have every instance ask the servers the host asks now. */
  async #follow(): Promise<void> {
    const { names, table, firewall, conntrack, wanted, dns, etcNetnsDir, log } = this.#parts;
    for (const network of wanted.all()) {
      const { name, addresses } = network.spec;
      const resolver = hostResolver(dns, addresses.host);
      if (JSON.stringify(resolver) === JSON.stringify(network.resolver)) continue;
      const device = names.device(name);
      await table.replace(name, ["links", "dns"], linkElements(name, device, resolver));
      await firewall.accept([{ name, device, stub: resolver.stub }]);
      writeResolver(resolvConfIn(names.etcFolder(name)), resolver.text);
      await conntrack.forgetLookups(resolver.leads.map(({ asked }) => asked));
      wanted.set({ ...network, resolver });
      log.info("an instance follows the host's name servers", {
        instance: name,
        servers: resolver.leads.map(({ server }) => server),
      });
    }
    // A link to another file may have been put in the place of the one before.
    this.#watches.set("name servers", resolverFiles(), () => this.#followHost());
    const folders = wanted.all().map(({ spec }) => names.etcFolder(spec.name));
    this.#watches.set("files of instances", [etcNetnsDir, ...folders], () => this.#keeper.wake(["resolvers"]));
  }
}

function tableFault(rules: "missing" | "changed"): NetworkFault {
  const message =
    rules === "missing"
      ? "The nftables table of the daemon is missing: no port leads to an instance, and instances are not kept apart."
      : "The rules in the nftables table of the daemon were changed.";
  return { what: "table", message };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
