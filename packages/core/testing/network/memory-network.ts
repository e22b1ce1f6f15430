import { DockersnapError } from "@dockersnap/contract/words";
import type {
  Forward,
  HeldPort,
  Network,
  NetworkFault,
  NetworkPart,
  NetworkReport,
  NetworkSpec,
} from "../../src/network/network.ts";
import { Failures } from "../failures.ts";

/** Methods of the network that can be made to fail. */
export type NetworkMethod =
  | "open"
  | "create"
  | "renew"
  | "rename"
  | "remove"
  | "setForwards"
  | "hostPortTaken"
  | "hold"
  | "list";

/**
 * A network that is only remembered. Tests see what is in force with `has` and `forwards`, take a port of the host with
 * `listen`, and make the next call of a method fail with `failNext`.
 */
export class MemoryNetwork implements Network {
  readonly #networks = new Map<string, NetworkSpec>();
  readonly #forwards = new Map<string, readonly Forward[]>();
  readonly #listeners = new Set<string>();
  /** Ports that are held, by the instance each is held for. */
  readonly #holds = new Map<string, string>();
  #faults: readonly NetworkFault[] = [];
  #restored: ((what: NetworkPart) => void) | undefined;
  readonly #failures = new Failures<NetworkMethod>();

  /** The next call of `method` rejects with `error` and changes nothing; several add up, first come first served. */
  failNext(method: NetworkMethod, error?: Error): void {
    this.#failures.add(method, error);
  }

  /** Whether the instance has a namespace. */
  has(name: string): boolean {
    return this.#networks.has(name);
  }

  forwards(name: string): readonly Forward[] {
    return this.#forwards.get(name) ?? [];
  }

  /**
   * Take a port of the host as a program there would; the returned function gives it back. One that is held for an instance is
   * in use.
   */
  listen(port: number, protocol: "tcp" | "udp"): () => void {
    const key = `${protocol}/${port}`;
    if (this.#holds.has(key)) throw new Error(`EADDRINUSE: address already in use ${key}`);
    this.#listeners.add(key);
    return () => this.#listeners.delete(key);
  }

  /** The daemon ends: what it held is free. */
  letGo(): void {
    this.#holds.clear();
  }

  /** As if somebody else had changed this: it is put right at once where the network is kept. */
  disturb(fault: NetworkFault): void {
    if (this.#restored === undefined) this.#faults = [...this.#faults, fault];
    else this.#restored(fault.what);
  }

  async open(): Promise<void> {
    this.#failures.meet("open");
  }

  netnsPath(name: string): string {
    return `/memory/netns/ds-${name}`;
  }

  resolvConf(name: string): string {
    return `/memory/etc/ds-${name}/resolv.conf`;
  }

  async create(spec: NetworkSpec): Promise<void> {
    this.#failures.meet("create");
    this.#set(spec);
  }

  async renew(spec: NetworkSpec): Promise<void> {
    this.#failures.meet("renew");
    this.#set(spec);
  }

  #set(spec: NetworkSpec): void {
    const { subnet } = spec.addresses;
    const other = [...this.#networks.values()].find((known) => known.addresses.subnet === subnet);
    if (other !== undefined && other.name !== spec.name) {
      throw new DockersnapError("wrong_state", `The subnet ${subnet} is already routed to instance ${other.name}.`);
    }
    this.#networks.set(spec.name, spec);
  }

  async rename(from: string, spec: NetworkSpec): Promise<void> {
    this.#failures.meet("rename");
    if (!this.#networks.delete(from)) return;
    this.#networks.set(spec.name, spec);
    for (const [key, holder] of this.#holds) if (holder === from) this.#holds.set(key, spec.name);
    const forwards = this.#forwards.get(from);
    this.#forwards.delete(from);
    if (forwards !== undefined) this.#forwards.set(spec.name, forwards);
  }

  async remove(name: string): Promise<void> {
    this.#failures.meet("remove");
    this.#networks.delete(name);
    this.#forwards.delete(name);
    this.#keepOnly(name, []);
  }

  async setForwards({ name }: NetworkSpec, forwards: readonly Forward[]): Promise<void> {
    this.#failures.meet("setForwards");
    for (const { hostPort, protocol } of forwards) {
      const owner = this.#owner(hostPort, protocol);
      if (owner !== undefined && owner !== name) {
        throw new DockersnapError("already_exists", `The host's port ${protocol} ${hostPort} is in use by ${owner}.`);
      }
    }
    const lost = forwards.find((forward) => !this.#canTake(name, forward));
    if (lost !== undefined) {
      const { hostPort, protocol } = lost;
      throw new DockersnapError("already_exists", `The host's port ${protocol} ${hostPort} is in use by a program.`);
    }
    for (const forward of forwards) this.#take(name, forward);
    this.#keepOnly(name, forwards);
    if (forwards.length === 0) this.#forwards.delete(name);
    else this.#forwards.set(name, [...forwards]);
  }

  async hold(instance: string, port: HeldPort): Promise<boolean> {
    this.#failures.meet("hold");
    return this.#take(instance, port);
  }

  keep(restored: (what: NetworkPart) => void): void {
    this.#restored = restored;
    for (const { what } of this.#faults) restored(what);
    this.#faults = [];
  }

  async report(): Promise<NetworkReport> {
    return { faults: this.#faults, unknown: [] };
  }

  async inspect(): Promise<NetworkReport> {
    return this.report();
  }

  async close(): Promise<void> {
    this.#restored = undefined;
    this.letGo();
  }

  async hostPortTaken(port: number, protocol: "tcp" | "udp"): Promise<boolean> {
    this.#failures.meet("hostPortTaken");
    const key = `${protocol}/${port}`;
    return this.#listeners.has(key) || this.#holds.has(key) || this.#owner(port, protocol) !== undefined;
  }

  async list(): Promise<readonly string[]> {
    this.#failures.meet("list");
    return [...new Set([...this.#networks.keys(), ...this.#forwards.keys()])].sort();
  }

  #canTake(instance: string, { hostPort, protocol }: HeldPort): boolean {
    const key = `${protocol}/${hostPort}`;
    return !this.#listeners.has(key) && (this.#holds.get(key) ?? instance) === instance;
  }

  #take(instance: string, port: HeldPort): boolean {
    if (!this.#canTake(instance, port)) return false;
    this.#holds.set(`${port.protocol}/${port.hostPort}`, instance);
    return true;
  }

  #keepOnly(instance: string, kept: readonly HeldPort[]): void {
    const keys = new Set(kept.map(({ protocol, hostPort }) => `${protocol}/${hostPort}`));
    for (const [key, holder] of this.#holds) if (holder === instance && !keys.has(key)) this.#holds.delete(key);
  }

  #owner(port: number, protocol: "tcp" | "udp"): string | undefined {
    const has = (forwards: readonly Forward[]) =>
      forwards.some((forward) => forward.hostPort === port && forward.protocol === protocol);
    return [...this.#forwards].find(([, forwards]) => has(forwards))?.[0];
  }
}
