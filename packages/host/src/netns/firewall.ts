import type { Log } from "@dockersnap/core";
import { CommandError } from "../process/commandError.ts";
import { hasErrno } from "../process/errno.ts";
import { runTool } from "../process/tool.ts";
import { instanceName } from "./names.ts";

/** What has to pass the host's packet filter for one instance. */
export interface Passage {
  readonly name: string;
  readonly device: string;
  /** A name server on the host's loopback the instance is led to. */
  readonly stub: string | undefined;
}

/**
 * Accepts for our links in the filter of a host that drops what it forwards: with Docker of its own, ufw, or a policy.
 * No table of ours can overrule such a drop, so the accepts stand where the drop is, marked with table and instance.
 *
 * The filter is read again whenever an instance starts, because a firewall may be switched on at any time and the
 * reading (3 ms) runs beside steps that take longer; it is only written to where it could drop something.
 */
export class Firewall {
  readonly #mark: string;
  readonly #log: Log;

  constructor(options: { table: string; log: Log }) {
    this.#mark = `dockersnap:${options.table}:`;
    this.#log = options.log;
  }

  /** Let these pass, and take back accepts of theirs that no longer fit. */
  async accept(passages: readonly Passage[]): Promise<void> {
    const saved = await this.#read();
    const changes = passages.flatMap((passage) =>
      changesFor(saved, this.#mark, passage.name, acceptsFor(saved, this.#mark, passage)),
    );
    await this.#apply(changes);
  }

  /** Names of those of these that `accept` would change something for. */
  async lacking(passages: readonly Passage[]): Promise<readonly string[]> {
    const saved = await this.#read();
    return passages
      .filter(
        (passage) => changesFor(saved, this.#mark, passage.name, acceptsFor(saved, this.#mark, passage)).length > 0,
      )
      .map(({ name }) => name);
  }

  /** Let these pass, and take back what was for `from`. */
  async hand(from: string, passage: Passage): Promise<void> {
    const saved = await this.#read();
    await this.#apply([
      ...changesFor(saved, this.#mark, passage.name, acceptsFor(saved, this.#mark, passage)),
      ...changesFor(saved, this.#mark, from, []),
    ]);
  }

  async withdraw(name: string): Promise<void> {
    const saved = await this.#read();
    await this.#apply(changesFor(saved, this.#mark, name, []));
  }

  /** Names of instances of which an accept is there. */
  async owners(): Promise<readonly string[]> {
    return marked(await this.#read(), this.#mark).map(({ owner }) => owner);
  }

  /** The filter as text; empty on a host without iptables or without its tables in the kernel. */
  async #read(): Promise<string> {
    try {
      const { stdout } = await runTool("iptables-save", ["-t", "filter"], { maxOutput: 64 * 1024 * 1024 });
      return stdout;
    } catch (error) {
      if (isMissing(error)) return "";
      if (!(error instanceof CommandError) || error.reason !== "exit") throw error;
      this.#log.warn(
        "the packet filter cannot be read; if it drops what this host forwards, instances have no network",
        {
          error: error.message,
        },
      );
      return "";
    }
  }

  async #apply(changes: readonly string[]): Promise<void> {
    if (changes.length === 0) return;
    // All or none, and without touching anybody else's rules; `-w` waits for the lock older iptables share.
    await runTool("iptables-restore", ["--noflush", "-w", "5"], {
      input: ["*filter", ...changes, "COMMIT", ""].join("\n"),
    });
  }
}

/** The rules this instance needs in this filter, in the form `iptables-save` prints them. */
export function acceptsFor(saved: string, mark: string, { name, device, stub }: Passage): readonly string[] {
  const comment = `-m comment --comment ${mark}${name}`;
  // Docker runs what is in DOCKER-USER before its own rules and never empties it.
  const chain = saved.includes("\n:DOCKER-USER ") ? "DOCKER-USER" : "FORWARD";
  const forward = [`-A ${chain} -i ${device} ${comment} -j ACCEPT`, `-A ${chain} -o ${device} ${comment} -j ACCEPT`];
  const lookup = ["udp", "tcp"].map(
    (protocol) => `-A INPUT -d ${stub}/32 -i ${device} -p ${protocol} -m ${protocol} --dport 53 ${comment} -j ACCEPT`,
  );
  return [
    ...(mayDrop(saved, "FORWARD") || chain === "DOCKER-USER" ? forward : []),
    ...(stub !== undefined && mayDrop(saved, "INPUT") ? lookup : []),
  ];
}

/** Lines for `iptables-restore` that leave an instance with these accepts alone. */
export function changesFor(saved: string, mark: string, name: string, wanted: readonly string[]): readonly string[] {
  const present = marked(saved, mark).filter(({ owner }) => owner === name);
  return [
    ...present.filter(({ rule }) => !wanted.includes(rule)).map(({ line }) => line.replace(/^-A/, "-D")),
    ...wanted
      .filter((rule) => !present.some((existing) => existing.rule === rule))
      .map((rule) => rule.replace(/^-A (\S+)/, "-I $1 1")),
  ];
}

/** Rules with our mark. iptables puts quotes around a comment or not, depending on its version. */
function marked(saved: string, mark: string): readonly { line: string; rule: string; owner: string }[] {
  return saved.split("\n").flatMap((line) => {
    const rule = line.replaceAll('"', "");
    const [, comment = ""] = / --comment (\S+)/.exec(rule) ?? [];
    const owner = comment.startsWith(mark) ? instanceName(comment.slice(mark.length)) : undefined;
    return owner === undefined || !line.startsWith("-A ") ? [] : [{ line, rule, owner }];
  });
}

/** Whether a chain drops by policy, or has rules other than the daemon's accepts. */
function mayDrop(saved: string, chain: string): boolean {
  return saved
    .split("\n")
    .some(
      (line) =>
        (line.startsWith(`:${chain} `) && !line.startsWith(`:${chain} ACCEPT`)) ||
        (line.startsWith(`-A ${chain} `) && !/ --comment "?dockersnap:/.test(line)),
    );
}

function isMissing(error: unknown): boolean {
  if (!(error instanceof CommandError) || error.reason !== "spawn") return false;
  const { cause } = error;
  return hasErrno(cause, "ENOENT");
}
