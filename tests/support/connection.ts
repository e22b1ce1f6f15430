import { once } from "node:events";
import { connect, type Socket } from "node:net";

const answerWithinMs = 10_000;

/** A TCP connection to a server that sends back what it is sent. */
export class EchoConnection implements Disposable {
  readonly #socket: Socket;

  private constructor(socket: Socket) {
    this.#socket = socket;
  }

  static async open(port: number, host = "127.0.0.1"): Promise<EchoConnection> {
    const socket = connect({ port, host });
    await once(socket, "connect", { signal: AbortSignal.timeout(answerWithinMs) });
    return new EchoConnection(socket);
  }

  /** Sends a line and resolves with what came back; rejects when the connection is gone. */
  async say(words: string): Promise<string> {
    const signal = AbortSignal.timeout(answerWithinMs);
    const answer = once(this.#socket, "data", { signal });
    const closed = once(this.#socket, "close", { signal }).then(() => {
      throw new Error("The connection was closed.");
    });
    closed.catch(() => undefined);
    this.#socket.write(`${words}\n`);
    const [data] = await Promise.race([answer, closed]);
    return String(data).trim();
  }

  [Symbol.dispose](): void {
    this.#socket.destroy();
  }
}

/** The words of a container that sends back what it is sent on a TCP port. */
export const echoServer = (port: number) => ["nc", "-ll", "-p", String(port), "-e", "/bin/busybox", "cat"];

/** What answers on a port of this host. */
export async function pageOn(port: number, path = "/"): Promise<string> {
  const response = await fetch(`http://127.0.0.1:${port}${path}`, { signal: AbortSignal.timeout(answerWithinMs) });
  return (await response.text()).trim();
}
