import { runTool } from "../process/tool.ts";
import { insideDevice, type NetworkNames } from "./names.ts";

export interface InsidePort {
  readonly protocol: "tcp" | "udp";
  readonly port: number;
}

/**
 * Ports that an instance publishes on its own loopback. What the host sends to such a port of the namespace's address is
 * led to 127.0.0.1 by a table inside the namespace, apart from dockerd's.
 */
export class LoopbackPorts {
  readonly #names: NetworkNames;
  readonly #table: string;
  /** What each namespace is known to have; an instance that is not in here is unknown. */
  readonly #present = new Map<string, string>();
  /** What each was last told to have. */
  readonly #ports = new Map<string, readonly InsidePort[]>();

  constructor(names: NetworkNames, table: string) {
    this.#names = names;
    this.#table = table;
  }

  /** The namespace is new, so it leads nothing. */
  begin(name: string): void {
    this.#present.set(name, "");
    this.#ports.delete(name);
  }

  /** Have once more what was set last: the namespace's end of its link is a new one. */
  async again(name: string, inside: string): Promise<void> {
    const ports = this.#ports.get(name);
    this.forget(name);
    if (ports !== undefined && ports.length > 0) await this.set(name, inside, ports);
  }

  /** The namespace may have changed; look no longer at what is remembered. */
  forget(name: string): void {
    this.#present.delete(name);
  }

  /** The namespace goes by another name. */
  rename(from: string, to: string): void {
    const present = this.#present.get(from);
    this.#present.delete(from);
    if (present !== undefined) this.#present.set(to, present);
    const ports = this.#ports.get(from);
    this.#ports.delete(from);
    if (ports !== undefined) this.#ports.set(to, ports);
  }

  /** Lead these ports, and only these, to the loopback. */
  async set(name: string, inside: string, ports: readonly InsidePort[]): Promise<void> {
    const elements = ports.map(({ protocol, port }) => `${protocol} . ${port}`).sort();
    const wanted = elements.join(", ");
    this.#ports.set(name, ports);
    if (this.#present.get(name) === wanted) return;
    this.#present.delete(name);
    await Promise.all([
      this.#enter(name, ["nft", "-f", "-"], this.#rules(inside, elements)),
      // The kernel drops what comes in over a link for an address of the loopback, unless the link says otherwise.
      ...(elements.length === 0
        ? []
        : [this.#enter(name, ["tee", `/proc/sys/net/ipv4/conf/${insideDevice}/route_localnet`], "1")]),
    ]);
    this.#present.set(name, wanted);
  }

  /** Added before it is deleted, because deleting what is not there fails. */
  #rules(inside: string, elements: readonly string[]): string {
    const anew = [`add table ip ${this.#table}`, `delete table ip ${this.#table}`];
    if (elements.length === 0) return `${anew.join("\n")}\n`;
    return `${anew.join("\n")}
table ip ${this.#table} {
  chain prerouting {
    type nat hook prerouting priority -110; policy accept;
    iifname "${insideDevice}" ip daddr ${inside} meta l4proto . th dport { ${elements.join(", ")} } dnat ip to 127.0.0.1
  }
}
`;
  }

  async #enter(name: string, command: readonly string[], input: string): Promise<void> {
    await runTool("nsenter", [`--net=${this.#names.netnsPath(name)}`, "--", ...command], { input });
  }
}
