import type { PortMapping } from "@dockersnap/contract/words";
import type { EventSink } from "../base/events.ts";
import type { Log } from "../base/log.ts";
import type { EngineHost } from "../engine/engine.ts";
import type { PortReservation, Records } from "../records/records.ts";
import { networkClashes } from "./clashes.ts";
import { forwardsOf } from "./forwards.ts";
import type { Network, NetworkSpec } from "./network.ts";
import { type PublishedService, published } from "./published-ports.ts";

/** Where ports are taken from when the published number is not free on the host; below Linux's ephemeral range. */
const firstSpare = 20_000;
const lastSpare = 32_767;

/** Reservations of ports no longer published are kept up to this many an instance, so that they come back the same. */
const keptReservations = 256;

interface Deps {
  readonly records: Records;
  readonly engines: EngineHost;
  readonly network: Network;
  readonly events: EventSink;
  readonly log: Log;
  readonly spec: (instance: string) => NetworkSpec | undefined;
}

/** What is done to one instance's forwards, one after the other. */
interface Turns {
  /** The end of the last one, without its failure. */
  last: Promise<void>;
  /** The scan that has not begun yet, if nothing else comes after it. */
  scan: Promise<void> | undefined;
}

/**
 * Leads ports of the host to what the containers of an instance publish. A published port keeps its host port for the
 * instance's whole life; what is done to one instance's forwards never overlaps.
 */
export class PortForwarding {
  readonly #deps: Deps;
  readonly #current = new Map<string, readonly PortMapping[]>();
  readonly #problems = new Map<string, readonly string[]>();
  /** Ports that had to be given another number while this daemon runs, by instance and what was published. */
  readonly #moved = new Map<string, Map<string, string>>();
  readonly #turns = new Map<string, Turns>();
  /** Host ports are handed out one at a time, over all instances, so that two never get the same. */
  #allotting: Promise<unknown> = Promise.resolve();

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /** As last seen; empty for an instance that is not running. */
  of(instance: string): readonly PortMapping[] {
    return this.#current.get(instance) ?? [];
  }

  /** What of the instance's published ports cannot be had as they were published, as sentences. */
  problemsOf(instance: string): readonly string[] {
    return this.#problems.get(instance) ?? [];
  }

  /** Look at what is published now and forward exactly that. Resolves when a scan begun after this call is in force. */
  refresh(instance: string): Promise<void> {
    const turns = this.#turnsOf(instance);
    if (turns.scan !== undefined) return turns.scan;
    const scan = this.#inTurn(turns, () => {
      turns.scan = undefined;
      return this.#scan(instance);
    });
    turns.scan = scan;
    return scan;
  }

  /**
   * Take the forwards away and keep the reservations: the instance stopped. It has its turn among the scans: one beside it
   * would put back what is taken away, or find it gone half way.
   */
  clear(instance: string): Promise<void> {
    const turns = this.#turnsOf(instance);
    // Whoever asks for a scan from now on wants one that comes after this.
    turns.scan = undefined;
    return this.#inTurn(turns, async () => {
      const spec = this.#deps.spec(instance);
      if (spec !== undefined) await this.#deps.network.setForwards(spec, []);
      this.#remember(instance, []);
      this.#problems.delete(instance);
    });
  }

  /** The instance is gone. */
  forget(instance: string): void {
    this.#current.delete(instance);
    this.#problems.delete(instance);
    this.#moved.delete(instance);
    this.#turns.delete(instance);
  }

  #turnsOf(instance: string): Turns {
    const known = this.#turns.get(instance);
    if (known !== undefined) return known;
    const turns: Turns = { last: Promise.resolve(), scan: undefined };
    this.#turns.set(instance, turns);
    return turns;
  }

  #inTurn(turns: Turns, work: () => Promise<void>): Promise<void> {
    const turn = turns.last.then(work);
    turns.last = turn.catch(() => undefined);
    return turn;
  }

  async #scan(instance: string): Promise<void> {
    const spec = this.#deps.spec(instance);
    if (spec === undefined) return;
    const api = this.#deps.engines.api(instance);
    const [containers, networks] = await Promise.all([api.containers(), api.bridgeNetworks()]);
    const { services, unreachable } = published(containers);
    const { mappings, problems } = await this.#exclusively(() => this.#allot(instance, services));
    await this.#deps.network.setForwards(spec, mappings.flatMap(forwardsOf));
    this.#problems.set(instance, [
      ...networkClashes(instance, networks, spec.addresses).map(({ problem, advice }) => `${problem} ${advice}`),
      ...unreachable,
      ...problems,
    ]);
    this.#remember(instance, mappings);
  }

  #exclusively<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#allotting.then(work, work);
    this.#allotting = turn.catch(() => undefined);
    return turn;
  }

  async #allot(instance: string, services: readonly PublishedService[]) {
    const { records } = this.#deps;
    const kept = records.ports.of(instance);
    const moved = this.#moved.get(instance) ?? new Map<string, string>();
    this.#moved.set(instance, moved);
    const mappings: PortMapping[] = [];
    const problems: string[] = [];
    for (const service of services) {
      const key = keyOf(service);
      const reserved = kept.find((port) => keyOf(port) === key)?.hostPort;
      const hostPort = (await this.#keep(instance, service, reserved)) ?? (await this.#reserve(instance, service));
      if (reserved !== undefined && hostPort !== reserved)
        moved.set(key, this.#tellMoved(instance, reserved, hostPort));
      if (hostPort === undefined) {
        problems.push(`No port of the host is free for ${key} of '${instance}', so it is not forwarded.`);
        continue;
      }
      const move = moved.get(key);
      if (move !== undefined) problems.push(move);
      mappings.push(toMapping(service, hostPort));
    }
    this.#dropOldReservations(kept, services);
    return { mappings, problems };
  }

  /** The number a port had before, if it can still be had: another program may have taken it while it was not held. */
  async #keep(instance: string, service: PublishedService, hostPort: number | undefined) {
    const { records } = this.#deps;
    const { protocol, containerPort } = service;
    if (hostPort === undefined) return undefined;
    if (await this.#hold(instance, service, hostPort)) return hostPort;
    records.ports.release(instance, protocol, containerPort);
    return undefined;
  }

  /** At every address it is published on. What was held of a port that cannot be had goes with the next change. */
  async #hold(instance: string, service: PublishedService, hostPort: number): Promise<boolean> {
    for (const forward of forwardsOf(toMapping(service, hostPort))) {
      if (!(await this.#deps.network.hold(instance, forward))) return false;
    }
    return true;
  }

  #tellMoved(instance: string, from: number, to: number | undefined): string {
    const now = to === undefined ? "no other is free" : `what led there answers at ${to} now`;
    const sentence = `Port ${from} of the host is in use by another program, so it no longer leads to '${instance}': ${now}.`;
    this.#deps.log.warn("a port of the host was taken by another program and is no longer forwarded", {
      instance,
      port: from,
      now: to,
    });
    return sentence;
  }

  async #reserve(instance: string, service: PublishedService): Promise<number | undefined> {
    const { records, network, log } = this.#deps;
    const { protocol, containerPort } = service;
    const taken = new Set(
      records.ports
        .all()
        .filter((port) => port.protocol === protocol)
        .map((port) => port.hostPort),
    );
    // What the daemon makes for itself must not take the number from whoever publishes it on purpose, now or later.
    const isOwn = records.instances.get(instance)?.purpose !== undefined;
    for (const hostPort of candidates(containerPort, { onlySpare: isOwn })) {
      if (taken.has(hostPort) || (await network.hostPortTaken(hostPort, protocol))) continue;
      if (!(await this.#hold(instance, service, hostPort))) continue;
      records.ports.reserve({ instance, protocol, containerPort, hostPort });
      return hostPort;
    }
    log.error("no host port is free for a published port", { instance, protocol, port: containerPort });
    return undefined;
  }

  #dropOldReservations(kept: readonly PortReservation[], services: readonly PublishedService[]): void {
    if (kept.length <= keptReservations) return;
    const inUse = new Set(services.map(keyOf));
    for (const port of kept) {
      const { instance, protocol, containerPort } = port;
      if (!inUse.has(keyOf(port))) this.#deps.records.ports.release(instance, protocol, containerPort);
    }
  }

  #remember(instance: string, mappings: readonly PortMapping[]): void {
    const before = JSON.stringify(this.#current.get(instance) ?? []);
    this.#current.set(instance, mappings);
    if (JSON.stringify(mappings) !== before) this.#deps.events.publish({ type: "ports.changed", instance });
  }
}

function keyOf({ protocol, containerPort }: Pick<PublishedService, "protocol" | "containerPort">): string {
  return `${protocol} ${containerPort}`;
}

function toMapping(service: PublishedService, hostPort: number): PortMapping {
  return {
    host_port: hostPort,
    container_port: service.containerPort,
    in_container_port: service.inContainerPort,
    protocol: service.protocol,
    description: service.label,
    container: service.container,
    ...(service.composeService === undefined ? {} : { service: service.composeService }),
    ...(hostPort === service.containerPort ? {} : { requested_host_port: service.containerPort }),
    ...(service.loopback ? { loopback: true } : {}),
    ...(service.ipv6Loopback === undefined ? {} : { ipv6_loopback: service.ipv6Loopback }),
  };
}

function* candidates(wanted: number, { onlySpare }: { onlySpare: boolean }): Generator<number> {
  if (!onlySpare) yield wanted;
  for (let port = firstSpare; port <= lastSpare; port += 1) yield port;
}
