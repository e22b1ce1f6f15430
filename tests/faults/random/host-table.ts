import { setTimeout as pause } from "node:timers/promises";
import { isDeepStrictEqual } from "node:util";
import { run } from "@dockersnap/host";
import type { World } from "../../support/world.ts";
import type { Damage } from "./turns.ts";

const deadlineMs = 60_000;
const askAgainMs = 20;

/** What the daemon has in the host's packet filter, as nft(8) prints it. */
interface Contents {
  /** Without what is in the sets, and without what counts up. */
  readonly rules: readonly string[];
  /** The instances whose links are known. */
  readonly instances: readonly string[];
}

/** A world's table, which others damage and the daemon puts right by itself. */
export class HostTable {
  readonly #name: string;
  readonly #rules: readonly string[];

  private constructor(name: string, rules: readonly string[]) {
    this.#name = name;
    this.#rules = rules;
  }

  /** That of a world in which nothing was damaged yet. */
  static async of(world: World): Promise<HostTable> {
    const name = world.table;
    return new HostTable(name, (await contentsOf(name)).rules);
  }

  async damage(what: Damage): Promise<void> {
    const words: Record<Damage, readonly string[]> = {
      "delete the table": ["delete", "table", "ip", this.#name],
      "flush a chain": ["flush", "chain", "ip", this.#name, "forward"],
      "flush a set": ["flush", "set", "ip", this.#name, "links"],
    };
    await run("nft", words[what]);
  }

  /** Resolves when it has all its rules and knows these instances; nothing but looking tells when that is. */
  async untilRight(after: string, names: readonly string[]): Promise<void> {
    const expected: Contents = { rules: this.#rules, instances: names.toSorted() };
    const deadline = Date.now() + deadlineMs;
    for (;;) {
      const contents = await contentsOf(this.#name);
      if (isDeepStrictEqual(contents, expected)) return;
      if (Date.now() > deadline) {
        throw new Error(
          `After ${after}: the table stays\n${JSON.stringify(contents)}\ninstead of\n${JSON.stringify(expected)}`,
        );
      }
      await pause(askAgainMs);
    }
  }
}

async function contentsOf(table: string): Promise<Contents> {
  // Deleted, and not put right yet, it is nowhere.
  const { stdout } = await run("nft", ["list", "table", "ip", table]).catch(() => ({ stdout: "" }));
  const [, links = ""] = /\tset links \{([\s\S]*?)\n\t\}/.exec(stdout) ?? [];
  const instances = [...links.matchAll(/comment "([^"]+)"/g)].map(([, name = ""]) => name);
  const rules = stdout.replace(/\n\t\telements = \{[^}]*\}/g, "").replace(/ packets \d+ bytes \d+/g, "");
  return { rules: rules.split("\n").sort(), instances: instances.sort() };
}
