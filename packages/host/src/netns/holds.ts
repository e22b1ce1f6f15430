import { createSocket } from "node:dgram";
import { once } from "node:events";
import { createServer, isIPv6 } from "node:net";
import { startRelay } from "./relay.ts";

/** A port of the host, at the address forwarded ports are had at. */
export interface HostPort {
  readonly protocol: "tcp" | "udp";
  readonly address: string;
  readonly port: number;
  /** Connections are relayed to this port of `::1` in the owner's namespace; `address` is `::1` then. */
  readonly relayTo?: number;
}

/** Something that has a port. A process still has it until the promise is kept. */
interface Socket {
  close(): unknown;
}

interface Held {
  readonly owner: string;
  readonly port: HostPort;
  /** Absent where the host has no such address yet, or lets no more sockets be opened: nobody can take the port either. */
  readonly socket: Socket | undefined;
  /** Why there is no socket. */
  readonly why?: string;
}

/** A port that is forwarded and not held. */
export interface Unheld {
  readonly owner: string;
  /** `tcp 0.0.0.0:80` */
  readonly port: string;
  /** Nothing answers there either. */
  readonly isRelayed: boolean;
  readonly why: string | undefined;
}

/** How a port with an instance at its other end is held. */
export interface Relaying {
  netnsPath(owner: string): string;
  /** The program that relays a port ended; `retry` starts another. */
  lost(port: HostPort, owner: string, why: string): void;
}

/**
 * Forwarded ports as sockets of this process. The kernel leads their packets on before any socket sees them, so nothing ever
 * arrives here; but who else wants the port is told that it is in use, as of any port that is. Of a port that is relayed the
 * socket is its relay's.
 */
export class Holds {
  readonly #held = new Map<string, Held>();
  /** Ports that are being taken or given back. */
  readonly #taking = new Map<string, Promise<unknown>>();
  readonly #relaying: Relaying;

  constructor(relaying: Relaying) {
    this.#relaying = relaying;
  }

  /** Have this port for the owner; false when a program or another owner has it. Twice is as once. */
  async take(owner: string, wanted: HostPort): Promise<boolean> {
    const key = keyOf(wanted);
    while (this.#taking.has(key)) await this.#taking.get(key);
    const present = this.#held.get(key);
    if (present !== undefined && present.owner !== owner) return false;
    if (present?.socket !== undefined && present.port.relayTo === wanted.relayTo) return true;
    await present?.socket?.close();
    const taking = wanted.relayTo === undefined ? open(wanted) : this.#relay(owner, wanted, wanted.relayTo);
    this.#taking.set(
      key,
      taking.catch(() => undefined),
    );
    try {
      const opened = await taking;
      if (opened === "in_use") return false;
      const held = {
        owner,
        port: wanted,
        ...("why" in opened ? { socket: undefined, why: opened.why } : { socket: opened }),
      };
      this.#held.set(key, held);
      return true;
    } finally {
      this.#taking.delete(key);
    }
  }

  /** Have all of these, or none that the owner did not have before; then tells the first that cannot be had. */
  async takeAll(owner: string, wanted: readonly HostPort[]): Promise<HostPort | undefined> {
    const had = [...this.#held.values()].filter((held) => held.owner === owner).map(({ port }) => port);
    const taken = await Promise.all(wanted.map((port) => this.take(owner, port)));
    const lost = wanted.find((_port, index) => !taken[index]);
    if (lost !== undefined) await this.keepOnly(owner, had);
    return lost;
  }

  /** Give back what the owner has, but for these. */
  async keepOnly(owner: string, kept: readonly HostPort[]): Promise<void> {
    const keys = new Set(kept.map(keyOf));
    const dropped = [...this.#held].filter(([key, held]) => held.owner === owner && !keys.has(key));
    await Promise.all(dropped.map(([key, { socket }]) => this.#giveBack(key, socket)));
  }

  rename(from: string, to: string): void {
    for (const [key, held] of this.#held) if (held.owner === from) this.#held.set(key, { ...held, owner: to });
  }

  holder(port: HostPort): string | undefined {
    return this.#held.get(keyOf(port))?.owner;
  }

  /** The owner's namespace is a new one: nothing relays into it yet. */
  async dropRelays(owner: string): Promise<void> {
    const kept = [...this.#held.values()].filter(({ port }) => port.relayTo === undefined);
    await this.keepOnly(
      owner,
      kept.map(({ port }) => port),
    );
  }

  unheld(): readonly Unheld[] {
    return [...this.#held].flatMap(([key, { owner, socket, port, why }]) =>
      socket === undefined ? [{ owner, port: key, isRelayed: port.relayTo !== undefined, why }] : [],
    );
  }

  /** Try again to hold them. */
  async retry(): Promise<void> {
    const unheld = [...this.#held].filter(([, { socket }]) => socket === undefined);
    await Promise.all(
      unheld.map(async ([key, held]) => {
        if (await this.take(held.owner, held.port)) return;
        if (this.#held.get(key) === held) this.#held.set(key, { ...held, why: "another program of this host has it" });
      }),
    );
  }

  async close(): Promise<void> {
    await Promise.all([...this.#held].map(([key, { socket }]) => this.#giveBack(key, socket)));
  }

  async #giveBack(key: string, socket: Socket | undefined): Promise<void> {
    this.#held.delete(key);
    const closing = socket?.close();
    if (!(closing instanceof Promise)) return;
    this.#taking.set(key, closing);
    await closing;
    this.#taking.delete(key);
  }

  async #relay(owner: string, wanted: HostPort, target: number): Promise<Opened> {
    // Far cheaper than a program that finds it out.
    const isFree = await open(wanted);
    if (isFree === "in_use" || "why" in isFree) return isFree;
    isFree.close();
    const relay = await startRelay({ port: wanted.port, target, netnsPath: this.#relaying.netnsPath(owner) });
    if (typeof relay === "object" && "ended" in relay) relay.ended.then((why) => this.#lose(wanted, relay, why));
    return relay;
  }

  #lose(port: HostPort, relay: Socket, why: string): void {
    const held = this.#held.get(keyOf(port));
    if (held?.socket !== relay) return;
    this.#held.set(keyOf(port), { ...held, socket: undefined, why: `the program that relays it ended (${why})` });
    this.#relaying.lost(port, held.owner, why);
  }
}

/** The socket, or why there is none. */
type Opened = Socket | "in_use" | { readonly why: string };

function keyOf({ protocol, address, port }: HostPort): string {
  return `${protocol} ${isIPv6(address) ? `[${address}]` : address}:${port}`;
}

/** Whether the port is free at this address at the moment. */
export async function isFree(wanted: HostPort): Promise<boolean> {
  const opened = await open(wanted);
  if (typeof opened === "object" && "close" in opened) opened.close();
  return opened !== "in_use";
}

async function open(wanted: HostPort): Promise<Opened> {
  const socket = wanted.protocol === "tcp" ? listenTcp(wanted) : bindUdp(wanted);
  try {
    await once(socket, "listening");
    // Errors of a socket that nobody reads are nobody's.
    socket.on("error", () => undefined);
    return socket;
  } catch (error) {
    socket.close();
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (code === "EADDRINUSE") return "in_use";
    return { why: lacksAddress(code) ? `this host has no address ${wanted.address}` : String(code) };
  }
}

/** Also a kernel without IPv6. */
function lacksAddress(code: unknown): boolean {
  return code === "EADDRNOTAVAIL" || code === "EAFNOSUPPORT";
}

/** It has to listen: of a port that is only bound, a program that reuses addresses, as most do, gets a share. */
function listenTcp({ address, port }: HostPort) {
  // Who arrives came past the rules, while they were away.
  const server = createServer((client) => client.resetAndDestroy());
  server.unref();
  return server.listen({ port, host: address, exclusive: true, backlog: 1 });
}

function bindUdp({ address, port }: HostPort) {
  const socket = createSocket(isIPv6(address) ? "udp6" : "udp4");
  socket.unref();
  socket.bind({ port, address, exclusive: true });
  return socket;
}
