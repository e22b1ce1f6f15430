import { DockersnapError } from "@dockersnap/contract/words";
import type { HeldPort, Log } from "@dockersnap/core";
import { type Element, isPortSet } from "./elements.ts";
import { Holds, type HostPort, isFree, type Unheld } from "./holds.ts";
import { isListening } from "./listeners.ts";
import { loopbackOf } from "./ruleset.ts";
import type { Table } from "./table.ts";

const everywhere = "0.0.0.0";
const ipv6Loopback = "::1";

/** The ports of the host that lead into instances, held so that no other program gets them. */
export class HostPorts {
  readonly #proxyBind: string;
  readonly #api: { readonly host: string; readonly port: number } | undefined;
  readonly #table: Table;
  readonly #log: Log;
  #lost: (() => void) | undefined;
  readonly #holds: Holds;

  constructor(options: {
    proxyBind: string;
    api: { readonly host: string; readonly port: number } | undefined;
    table: Table;
    netnsPath: (owner: string) => string;
    log: Log;
  }) {
    this.#proxyBind = options.proxyBind;
    this.#api = options.api;
    this.#table = options.table;
    this.#log = options.log;
    this.#holds = new Holds({
      netnsPath: options.netnsPath,
      lost: ({ port, relayTo }, instance, reason) => {
        this.#log.error("a program that relays a port to an instance ended", { instance, port, to: relayTo, reason });
        this.#lost?.();
      },
    });
  }

  /**
   * Hold what an earlier daemon forwarded. A port that another program took while no daemon ran is that program's: it is no
   * longer forwarded.
   */
  async takeForwarded(): Promise<void> {
    const forwarded = (await this.#table.lastSeen()).filter(({ set, owner }) => isPortSet(set) && owner !== "");
    const held = await Promise.all(
      forwarded.map((element) =>
        this.take(element.owner, { ...portOf(element), loopback: element.set === "localports" }),
      ),
    );
    const lost = forwarded.filter((_element, index) => !held[index]);
    for (const owner of new Set(lost.map((element) => element.owner))) {
      const kept = forwarded.filter((element) => element.owner === owner && !lost.includes(element));
      this.#log.warn("another program took ports while no daemon held them; they no longer lead to the instance", {
        instance: owner,
        ports: lost.filter((element) => element.owner === owner).map(({ key }) => key),
      });
      await this.#table.replace(owner, ["ports", "localports"], kept);
    }
  }

  async take(owner: string, port: HeldPort): Promise<boolean> {
    const place = this.#placeOf(port);
    return !this.#isOfApi(place) && (await this.#holds.take(owner, place));
  }

  /** `already_exists` when any of them cannot be had; then the owner has what it had before. */
  async takeAll(owner: string, ports: readonly HeldPort[]): Promise<void> {
    const places = ports.map((port) => this.#placeOf(port));
    const lost = places.find((place) => this.#isOfApi(place)) ?? (await this.#holds.takeAll(owner, places));
    if (lost === undefined) return;
    const holder = this.#holds.holder(lost);
    const by = holder === undefined ? "another program of this host" : `instance ${holder}`;
    throw new DockersnapError(
      "already_exists",
      `The host's port ${lost.protocol} ${lost.port} is in use by ${by}, so ${owner} cannot have it. Free it there first.`,
      { details: { port: lost.port, protocol: lost.protocol } },
    );
  }

  keepOnly(owner: string, ports: readonly HeldPort[]): Promise<void> {
    return this.#holds.keepOnly(
      owner,
      ports.map((port) => this.#placeOf(port)),
    );
  }

  rename(from: string, to: string): void {
    this.#holds.rename(from, to);
  }

  /** Whether a program of the host or an instance has this port, wherever it would be forwarded from. */
  async isTaken(port: number, protocol: "tcp" | "udp"): Promise<boolean> {
    const place = { protocol, port, address: this.#proxyBind };
    if (this.#isOfApi(place) || (await this.#isForwarded(port, protocol))) return true;
    return this.#proxyBind === everywhere ? isListening(place) : !(await isFree(place));
  }

  /** The namespace of the owner is a new one: nothing leads into it. */
  dropRelays(owner: string): Promise<void> {
    return this.#holds.dropRelays(owner);
  }

  /** `lost` is called when a port begins to be among `unheld`. */
  onLoss(lost: () => void): void {
    this.#lost = lost;
  }

  /** Ports that are forwarded and that another program could take all the same. */
  unheld(): readonly Unheld[] {
    return this.#holds.unheld();
  }

  /** Try again to hold these. */
  retry(): Promise<void> {
    return this.#holds.retry();
  }

  close(): Promise<void> {
    return this.#holds.close();
  }

  async #isForwarded(port: number, protocol: "tcp" | "udp"): Promise<boolean> {
    const leads = ({ set, key }: Element) => isPortSet(set) && key === portKey(port, protocol);
    // What was seen a while ago can have become free.
    return (await this.#table.lastSeen()).some(leads) && (await this.#table.elements()).some(leads);
  }

  #placeOf({ hostPort, protocol, loopback, relayTo }: HeldPort): HostPort {
    if (relayTo !== undefined) return { protocol, port: hostPort, address: ipv6Loopback, relayTo };
    return { protocol, port: hostPort, address: loopback ? loopbackOf(this.#proxyBind) : this.#proxyBind };
  }

  /** The API begins to listen after ports are forwarded again, and it is what the configuration says. */
  #isOfApi({ protocol, address, port }: HostPort): boolean {
    if (this.#api === undefined || protocol !== "tcp" || port !== this.#api.port) return false;
    const { host } = this.#api;
    return host === address || [host, address].some((each) => each === everywhere || each === "::");
  }
}

export function portKey(port: number, protocol: "tcp" | "udp"): string {
  return `${protocol} . ${port}`;
}

function portOf({ key }: Element): Pick<HeldPort, "hostPort" | "protocol"> {
  const [protocol, port] = key.split(" . ");
  return { protocol: protocol === "udp" ? "udp" : "tcp", hostPort: Number(port) };
}

/** The UDP port an element of the table leads from, if it does. */
export function udpPort(element: Element): readonly number[] {
  if (!isPortSet(element.set)) return [];
  const { protocol, hostPort } = portOf(element);
  return protocol === "udp" ? [hostPort] : [];
}
