import { DockersnapError } from "@dockersnap/contract/words";
import type { Forward, Network, NetworkSpec } from "../network.ts";

/** Methods of the network that can be made to fail. */
export type NetworkMethod =
  | "open"
  | "create"
  | "renew"
  | "rename"
  | "remove"
  | "setForwards"
  | "hostPortTaken"
  | "list";

/**
 * A network that is only remembered. Tests see what is in force with `has` and `forwards`, take a port of the host with
 * `listen`, and make the next call of a method fail with `failNext`.
 */
export class MemoryNetwork implements Network {
  readonly #networks = new Map<string, NetworkSpec>();
  readonly #forwards = new Map<string, readonly Forward[]>();
  readonly #listeners = new Set<string>();
  readonly #failures = new Map<NetworkMethod, Error[]>();

  /** The next call of `method` rejects with `error` and changes nothing; several add up, first come first served. */
  failNext(method: NetworkMethod, error: Error = new DockersnapError("internal", `${method} was made to fail.`)): void {
    this.#failures.set(method, [...(this.#failures.get(method) ?? []), error]);
  }

  /** Whether the instance has a namespace. */
  has(name: string): boolean {
    return this.#networks.has(name);
  }

  forwards(name: string): readonly Forward[] {
    return this.#forwards.get(name) ?? [];
  }

  /** Take a port of the host as a program there would; the returned function gives it back. */
  listen(port: number, protocol: "tcp" | "udp"): () => void {
    const key = `${protocol}/${port}`;
    this.#listeners.add(key);
    return () => this.#listeners.delete(key);
  }

  async open(): Promise<void> {
    this.#begin("open");
  }

  netnsPath(name: string): string {
    return `/memory/netns/ds-${name}`;
  }

  resolvConf(name: string): string {
    return `/memory/etc/ds-${name}/resolv.conf`;
  }

  async create(spec: NetworkSpec): Promise<void> {
    this.#begin("create");
    this.#set(spec);
  }

  async renew(spec: NetworkSpec): Promise<void> {
    this.#begin("renew");
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
    this.#begin("rename");
    if (!this.#networks.delete(from)) return;
    this.#networks.set(spec.name, spec);
    const forwards = this.#forwards.get(from);
    this.#forwards.delete(from);
    if (forwards !== undefined) this.#forwards.set(spec.name, forwards);
  }

  async remove(name: string): Promise<void> {
    this.#begin("remove");
    this.#networks.delete(name);
    this.#forwards.delete(name);
  }

  async setForwards({ name }: NetworkSpec, forwards: readonly Forward[]): Promise<void> {
    this.#begin("setForwards");
    for (const { hostPort, protocol } of forwards) {
      const owner = this.#owner(hostPort, protocol);
      if (owner !== undefined && owner !== name) {
        throw new DockersnapError("already_exists", `The host's port ${protocol} ${hostPort} is in use by ${owner}.`);
      }
    }
    if (forwards.length === 0) this.#forwards.delete(name);
    else this.#forwards.set(name, [...forwards]);
  }

  async hostPortTaken(port: number, protocol: "tcp" | "udp"): Promise<boolean> {
    this.#begin("hostPortTaken");
    return this.#listeners.has(`${protocol}/${port}`) || this.#owner(port, protocol) !== undefined;
  }

  async list(): Promise<readonly string[]> {
    this.#begin("list");
    return [...new Set([...this.#networks.keys(), ...this.#forwards.keys()])].sort();
  }

  #owner(port: number, protocol: "tcp" | "udp"): string | undefined {
    const has = (forwards: readonly Forward[]) =>
      forwards.some((forward) => forward.hostPort === port && forward.protocol === protocol);
    return [...this.#forwards].find(([, forwards]) => has(forwards))?.[0];
  }

  #begin(method: NetworkMethod): void {
    const failure = this.#failures.get(method)?.shift();
    if (failure !== undefined) throw failure;
  }
}
