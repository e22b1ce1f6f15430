import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { DockersnapError } from "@dockersnap/contract/words";
import { hasErrno } from "../process/errno.ts";
import { isInhabited } from "./inhabitants.ts";
import { NetworkNames } from "./names.ts";

const markFile = "dockersnap-owner";

/** What the daemons are called that have claimed the name of any namespace on this host. */
export function networkClaimants(etcNetnsDir = "/etc/netns"): ReadonlySet<string> {
  try {
    const marks = readdirSync(etcNetnsDir).map((folder) => readMark(join(etcNetnsDir, folder, markFile)));
    return new Set(marks.filter((mark) => mark !== undefined));
  } catch (error) {
    if (hasErrno(error, "ENOENT")) return new Set();
    throw error;
  }
}

/** Whether another daemon of this host than the one called `owner` has claimed the name of an instance. */
export function isClaimedByAnother(owner: string): (name: string) => boolean {
  const claims = new Claims(new NetworkNames({}), owner);
  return (name) => !claims.mayBeOurs(name);
}

/**
 * Which daemon an instance's namespace belongs to. Names of namespaces are the host's, so two daemons on it would take
 * each other's for their own: each leaves its mark in the folder of the namespace before it makes anything, and takes it
 * away last.
 */
export class Claims {
  readonly #names: NetworkNames;
  readonly #owner: string;

  /** `owner` is what no other daemon of this host is called. */
  constructor(names: NetworkNames, owner: string) {
    this.#names = names;
    this.#owner = owner;
  }

  /** Make the name this daemon's, or find that it is. `already_exists` when it is another's. */
  take(name: string): void {
    if (this.#holder(name) === this.#owner) return;
    this.refuseForeign(name);
    mkdirSync(this.#names.etcFolder(name), { recursive: true });
    writeFileSync(this.#file(name), `${this.#owner}\n`);
  }

  refuseForeign(name: string): void {
    if (this.mayBeOurs(name)) return;
    throw new DockersnapError(
      "already_exists",
      `Another dockersnap daemon on this host has an instance '${name}': the namespace ${this.#names.namespace(name)} is its own. Choose another name.`,
    );
  }

  /** Whether no other daemon has marked it. What nobody has marked is a leftover of ours. */
  mayBeOurs(name: string): boolean {
    const holder = this.#holder(name);
    return holder === undefined || holder === this.#owner;
  }

  /**
   * Whether it may be taken away unasked. What runs in a namespace nobody has marked was not started by a daemon, so that
   * is somebody else's who likes the same names.
   */
  async isLeftover(name: string): Promise<boolean> {
    const holder = this.#holder(name);
    return holder === this.#owner || (holder === undefined && !(await isInhabited(this.#names.netnsPath(name))));
  }

  /**
   * Carry the mark of `from` and all that is in its folder over to `to`. The files stay the same ones: a running sandbox has
   * the resolv.conf among them bound over its own.
   */
  async move(from: string, to: string): Promise<void> {
    this.refuseForeign(to);
    try {
      await rename(this.#names.etcFolder(from), this.#names.etcFolder(to));
    } catch (error) {
      // Moved before, or never written.
      if (!hasErrno(error, "ENOENT")) throw error;
    }
  }

  /** With all that is in the folder. */
  async release(name: string): Promise<void> {
    await rm(this.#names.etcFolder(name), { recursive: true, force: true });
  }

  #holder(name: string): string | undefined {
    return readMark(this.#file(name));
  }

  #file(name: string): string {
    return join(this.#names.etcFolder(name), markFile);
  }
}

function readMark(file: string): string | undefined {
  try {
    const text = readFileSync(file, "utf8").trim();
    // Empty is a write that a power cut came upon.
    return text === "" ? undefined : text;
  } catch (error) {
    if (hasErrno(error, "ENOENT", "ENOTDIR")) return undefined;
    throw error;
  }
}
