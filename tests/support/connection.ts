import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { createInterface } from "node:readline";
import type { World } from "./world.ts";

const answerWithinMs = 10_000;

/** A TCP connection to a server that sends back what it is sent. One question at a time. */
export class EchoConnection implements Disposable {
  readonly #socket: Socket;
  readonly #lines: AsyncIterator<string>;

  private constructor(socket: Socket) {
    this.#socket = socket;
    this.#lines = linesOf(socket);
    socket.setTimeout(answerWithinMs, () => socket.destroy());
  }

  /** To a port that one of the world's instances has on this host. */
  static async open({ address }: Pick<World, "address">, port: number): Promise<EchoConnection> {
    const socket = connect({ port, host: address });
    await once(socket, "connect", { signal: AbortSignal.timeout(answerWithinMs) });
    return new EchoConnection(socket);
  }

  /** Sends a line and resolves with the one that came back; rejects when the connection is gone or silent. */
  async say(words: string): Promise<string> {
    this.#socket.write(`${words}\n`);
    const { value, done } = await this.#lines.next();
    if (done === true) throw new Error("The connection was closed, or silent for too long.");
    return value;
  }

  [Symbol.dispose](): void {
    this.#socket.destroy();
  }
}

/** The lines that come in, up to the connection's end, however that comes. */
export function linesOf(socket: Socket): AsyncIterator<string> {
  const lines = createInterface({ input: socket, crlfDelay: Number.POSITIVE_INFINITY });
  // A reader of lines ends with its stream's end alone, which a socket that breaks or is destroyed never comes to.
  socket.on("close", () => lines.close());
  socket.on("error", () => undefined);
  return lines[Symbol.asyncIterator]();
}

/** The words of a container that sends back what it is sent on a TCP port. */
export const echoServer = (port: number) => ["nc", "-ll", "-p", String(port), "-e", "/bin/busybox", "cat"];

/** What answers on a port that one of the world's instances has on this host. */
export async function pageOn({ address }: Pick<World, "address">, port: number, path = "/"): Promise<string> {
  const response = await fetch(`http://${address}:${port}${path}`, { signal: AbortSignal.timeout(answerWithinMs) });
  return (await response.text()).trim();
}
