import { createSocket } from "node:dgram";
import { once } from "node:events";
import { createServer, isIPv6 } from "node:net";

/** A port of the host, at the address forwarded ports are had at. */
export interface HostPort {
  readonly protocol: "tcp" | "udp";
  readonly address: string;
  readonly port: number;
}

interface Held {
  readonly owner: string;
  readonly port: HostPort;
  /** Absent where the host has no such address yet, or lets no more sockets be opened: nobody can take the port either. */
  readonly socket: { close(): void } | undefined;
}

/**
 * Forwarded ports as sockets of this process. The kernel leads their packets on before any socket sees them, so nothing ever
 * arrives here; but who else wants the port is told that it is in use, as of any port that is.
 */
export class Holds {
  readonly #held = new Map<string, Held>();
  /** Ports that are being taken. */
  readonly #taking = new Map<string, Promise<unknown>>();

  /** Have this port for the owner; false when a program or another owner has it. Twice is as once. */
  async take(owner: string, wanted: HostPort): Promise<boolean> {
    const key = keyOf(wanted);
    while (this.#taking.has(key)) await this.#taking.get(key);
    const present = this.#held.get(key);
    if (present?.socket !== undefined || (present !== undefined && present.owner !== owner)) {
      return present.owner === owner;
    }
    const taking = open(wanted);
    this.#taking.set(
      key,
      taking.catch(() => undefined),
    );
    try {
      const socket = await taking;
      if (socket === "in_use") return false;
      this.#held.set(key, { owner, port: wanted, socket: socket === "impossible" ? undefined : socket });
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
    if (lost !== undefined) this.keepOnly(owner, had);
    return lost;
  }

  /** Give back what the owner has, but for these. */
  keepOnly(owner: string, kept: readonly HostPort[]): void {
    const keys = new Set(kept.map(keyOf));
    for (const [key, held] of this.#held) {
      if (held.owner !== owner || keys.has(key)) continue;
      this.#held.delete(key);
      held.socket?.close();
    }
  }

  rename(from: string, to: string): void {
    for (const [key, held] of this.#held) if (held.owner === from) this.#held.set(key, { ...held, owner: to });
  }

  holder(port: HostPort): string | undefined {
    return this.#held.get(keyOf(port))?.owner;
  }

  /** Ports that are forwarded and not held. */
  unheld(): readonly { readonly owner: string; readonly port: string }[] {
    return [...this.#held].flatMap(([port, { owner, socket }]) => (socket === undefined ? [{ owner, port }] : []));
  }

  /** Try again to hold them. */
  async retry(): Promise<void> {
    const open = [...this.#held.values()].filter(({ socket }) => socket === undefined);
    await Promise.all(open.map(({ owner, port }) => this.take(owner, port)));
  }

  close(): void {
    for (const { socket } of this.#held.values()) socket?.close();
    this.#held.clear();
  }
}

function keyOf({ protocol, address, port }: HostPort): string {
  return `${protocol} ${address}:${port}`;
}

/** Whether the port is free at this address at the moment. */
export async function isFree(wanted: HostPort): Promise<boolean> {
  const socket = await open(wanted);
  if (typeof socket === "object") socket.close();
  return socket !== "in_use";
}

async function open(wanted: HostPort): Promise<{ close(): void } | "in_use" | "impossible"> {
  const socket = wanted.protocol === "tcp" ? listenTcp(wanted) : bindUdp(wanted);
  try {
    await once(socket, "listening");
    // Errors of a socket that nobody reads are nobody's.
    socket.on("error", () => undefined);
    return socket;
  } catch (error) {
    socket.close();
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    return code === "EADDRINUSE" ? "in_use" : "impossible";
  }
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
