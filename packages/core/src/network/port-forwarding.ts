import type { PortMapping } from "@dockersnap/contract/words";
import type { ContainerSummary, EngineHost } from "../engine/engine.ts";
import type { EventSink } from "../platform/events.ts";
import type { Log } from "../platform/log.ts";
import type { PortReservation, Records } from "../platform/records.ts";
import { portLabels } from "../workload/port-labels.ts";
import type { Forward, Network, NetworkSpec } from "./network.ts";

/** Where ports are taken from when the published number is not free on the host; below Linux's ephemeral range. */
const firstSpare = 20_000;
const lastSpare = 32_767;

/** Reservations of ports no longer published are kept up to this many an instance, so that they come back the same. */
const keptReservations = 256;

interface PublishedService {
  readonly protocol: "tcp" | "udp";
  readonly containerPort: number;
  readonly inContainerPort: number;
  readonly label: string;
  readonly loopback: boolean;
}

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
    });
  }

  /** The instance is gone. */
  forget(instance: string): void {
    this.#current.delete(instance);
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
    const services = published(await this.#deps.engines.api(instance).containers());
    const mappings = await this.#exclusively(() => this.#allot(instance, services));
    await this.#deps.network.setForwards(
      spec,
      mappings.map(
        ({ mapping, loopback }): Forward => ({
          hostPort: mapping.host_port,
          protocol: mapping.protocol,
          targetPort: mapping.container_port,
          loopback,
        }),
      ),
    );
    this.#remember(
      instance,
      mappings.map(({ mapping }) => mapping),
    );
  }

  #exclusively<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#allotting.then(work, work);
    this.#allotting = turn.catch(() => undefined);
    return turn;
  }

  async #allot(instance: string, services: readonly PublishedService[]) {
    const { records } = this.#deps;
    const kept = records.ports.of(instance);
    const mappings: { mapping: PortMapping; loopback: boolean }[] = [];
    for (const service of services) {
      const reserved = kept.find(
        (port) => port.protocol === service.protocol && port.containerPort === service.containerPort,
      );
      const hostPort = reserved?.hostPort ?? (await this.#reserve(instance, service));
      if (hostPort === undefined) continue;
      mappings.push({ mapping: toMapping(service, hostPort), loopback: service.loopback });
    }
    this.#dropOldReservations(kept, services);
    return mappings;
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
      records.ports.reserve({ instance, protocol, containerPort, hostPort });
      return hostPort;
    }
    log.error("no host port is free for a published port", { instance, protocol, port: containerPort });
    return undefined;
  }

  #dropOldReservations(kept: readonly PortReservation[], services: readonly PublishedService[]): void {
    if (kept.length <= keptReservations) return;
    const inUse = new Set(services.map((service) => `${service.protocol}/${service.containerPort}`));
    for (const { instance, protocol, containerPort } of kept) {
      if (!inUse.has(`${protocol}/${containerPort}`))
        this.#deps.records.ports.release(instance, protocol, containerPort);
    }
  }

  #remember(instance: string, mappings: readonly PortMapping[]): void {
    const before = JSON.stringify(this.#current.get(instance) ?? []);
    this.#current.set(instance, mappings);
    if (JSON.stringify(mappings) !== before) this.#deps.events.publish({ type: "ports.changed", instance });
  }
}

function toMapping(service: PublishedService, hostPort: number): PortMapping {
  return {
    host_port: hostPort,
    container_port: service.containerPort,
    in_container_port: service.inContainerPort,
    protocol: service.protocol,
    description: service.label,
    ...(hostPort === service.containerPort ? {} : { requested_host_port: service.containerPort }),
  };
}

function* candidates(wanted: number, { onlySpare }: { onlySpare: boolean }): Generator<number> {
  if (!onlySpare) yield wanted;
  for (let port = firstSpare; port <= lastSpare; port += 1) yield port;
}

/** What the containers publish, once per protocol and port: Docker lists the IPv4 and the IPv6 side of one port apart. */
function published(containers: readonly ContainerSummary[]): readonly PublishedService[] {
  // Docker lists the newest first; of two that claim one label or one port, the older keeps it.
  const running = containers.filter((container) => isUp(container.state)).reverse();
  const label = portLabels(running);
  const services = new Map<string, PublishedService>();
  for (const container of running) {
    for (const port of container.ports) {
      // What is published on an IPv6 address alone cannot be reached over the instance's IPv4 link.
      if (port.ip.includes(":")) continue;
      const key = `${port.protocol}/${port.publicPort}`;
      const loopback = port.ip.startsWith("127.");
      const present = services.get(key);
      if (present !== undefined && !present.loopback) continue;
      services.set(key, {
        protocol: port.protocol,
        containerPort: port.publicPort,
        inContainerPort: port.privatePort,
        label: label(container.id, port.privatePort, port.protocol),
        loopback,
      });
    }
  }
  return [...services.values()].sort(
    (a, b) => a.containerPort - b.containerPort || a.protocol.localeCompare(b.protocol),
  );
}

function isUp(state: string): boolean {
  return state === "running" || state === "paused";
}
