import type { Log } from "@dockersnap/core";
import { CommandError } from "../process/commandError.ts";
import { hasErrno } from "../process/errno.ts";
import { runTool } from "../process/tool.ts";

/**
 * Makes the kernel forget where packets went, so that the next one goes where it must now. It keeps that apart from the
 * rules, for as long as packets come: a UDP client that keeps its socket would stay with what it met first.
 *
 * Of TCP nothing is forgotten: a connection goes on where it began, and a new one is looked up anew.
 */
export class Conntrack {
  readonly #log: Log;
  #isMissing = false;

  constructor(log: Log) {
    this.#log = log;
  }

  /** Forget what was sent over UDP to these ports of the host. */
  async forgetPorts(ports: readonly number[]): Promise<void> {
    await this.#delete(ports.map((port) => `-p udp --orig-port-dst ${port}`));
  }

  /** Forget lookups that were sent to these addresses. */
  async forgetLookups(addresses: readonly string[]): Promise<void> {
    await this.#delete(addresses.map((address) => `-p udp --orig-dst ${address} --orig-port-dst 53`));
  }

  /**
   * Forget what came to these ports of a namespace before anything there led them on: its own address answered then, or its
   * loopback. What goes to a container is left alone.
   */
  async forgetUnled(netnsPath: string, inside: string, ports: readonly number[]): Promise<void> {
    const answeredBy = [inside, "127.0.0.1"];
    await this.#delete(
      ports.flatMap((port) =>
        answeredBy.map((source) => `-p udp --orig-dst ${inside} --orig-port-dst ${port} --reply-src ${source}`),
      ),
      ["nsenter", `--net=${netnsPath}`, "--"],
    );
  }

  async #delete(filters: readonly string[], enter: readonly string[] = []): Promise<void> {
    if (filters.length === 0) return;
    const [program = "", ...args] = [...enter, "conntrack", "-R", "-"];
    try {
      await runTool(program, args, { input: filters.map((filter) => `-D ${filter}\n`).join("") });
    } catch (error) {
      if (!(error instanceof CommandError)) throw error;
      this.#warn(error);
    }
  }

  /** Forwards work without it, so it fails nothing. */
  #warn(error: CommandError): void {
    const isMissing = hasErrno(error.cause, "ENOENT") || error.exitCode === 127;
    if (isMissing && this.#isMissing) return;
    this.#isMissing = isMissing;
    this.#log.warn(
      isMissing
        ? "the program 'conntrack' is missing: a UDP client that keeps its socket may stay where a port led before"
        : "UDP clients that keep their socket may stay where a port led before",
      { error: error.message },
    );
  }
}
