import type { Log } from "@dockersnap/core";
import { CommandError } from "../process/commandError.ts";
import { runTool } from "../process/tool.ts";
import { forgetScript } from "./conntrack-script.ts";

/**
 * Makes the kernel forget where packets went, so that the next one goes where it must now. It keeps that apart from the
 * rules, for as long as packets come: a UDP client that keeps its socket would stay with what it met first.
 *
 * Of TCP nothing is forgotten: a connection goes on where it began, and a new one is looked up anew.
 */
export class Conntrack {
  readonly #log: Log;
  #told = "";

  constructor(log: Log) {
    this.#log = log;
  }

  /** Forget what was sent over UDP to these ports of the host. */
  async forgetPorts(ports: readonly number[]): Promise<void> {
    await this.#delete(ports.map((port) => `*/${port}/*`));
  }

  /** Forget lookups that were sent to these addresses. */
  async forgetLookups(addresses: readonly string[]): Promise<void> {
    await this.#delete(addresses.map((address) => `${address}/53/*`));
  }

  /**
   * Forget what came to these ports of a namespace before anything there led them on: its own address answered then, or its
   * loopback. What goes to a container is left alone.
   */
  async forgetUnled(netnsPath: string, inside: string, ports: readonly number[]): Promise<void> {
    const answeredBy = [inside, "127.0.0.1"];
    await this.#delete(
      ports.flatMap((port) => answeredBy.map((source) => `${inside}/${port}/${source}`)),
      ["nsenter", `--net=${netnsPath}`, "--"],
    );
  }

  async #delete(entries: readonly string[], enter: readonly string[] = []): Promise<void> {
    if (entries.length === 0) return;
    const [program = "", ...args] = [...enter, "perl", "-", ...entries];
    try {
      await runTool(program, args, { input: forgetScript });
      this.#told = "";
    } catch (error) {
      if (!(error instanceof CommandError)) throw error;
      this.#warn(error.message);
    }
  }

  /** Forwards work without it, so it fails nothing. */
  #warn(error: string): void {
    if (error === this.#told) return;
    this.#told = error;
    this.#log.warn("UDP clients that keep their socket may stay where a port led before", { error });
  }
}
