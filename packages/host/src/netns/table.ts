import type { Log } from "@dockersnap/core";
import { CommandError } from "../process/commandError.ts";
import { runTool } from "../process/tool.ts";
import {
  type Element,
  hasKeyOf,
  isEqual,
  isSame,
  notation,
  notationInJson,
  parseElements,
  quotedKey,
  refuseConflict,
  type SetName,
} from "./elements.ts";
import { fields, list } from "./json.ts";
import { ruleset } from "./ruleset.ts";
import { shapeOf, shapeOfRules } from "./table-shape.ts";

/** How the table differs from what it must be. */
export interface TableState {
  readonly rules: "right" | "missing" | "changed";
  /** Instances whose entries are not all there, or are others. */
  readonly owners: readonly string[];
}

/** Another process that changes the same entries, such as `doctor --fix`, is met at most this often in a row. */
const removals = 3;

/**
 * The daemon's own nftables table on the host. It is read from the kernel before each change, because others change it
 * too, and nft runs as seldom as that allows: each run takes longer than the kernel needs. Changes are made one at a time.
 */
export class Table {
  readonly #name: string;
  readonly #rules: string;
  readonly #log: Log;
  /** What each instance must have, so that the table can be made anew as a whole. */
  readonly #wanted = new Map<string, readonly Element[]>();
  /** By the latest run of nft that read all of it, with what was added since; what was removed since may still be in it. */
  #seen: readonly Element[] | undefined;
  #last: Promise<unknown> = Promise.resolve();
  #shape: Promise<string> | undefined;

  constructor(options: { name: string; proxyBind: string; log: Log }) {
    this.#name = options.name;
    this.#rules = ruleset(options.name, options.proxyBind);
    this.#log = options.log;
  }

  /**
   * Put chains and sets in place. Elements that are there stay, without a moment in which they do not work, and belong to
   * what must be there from now on.
   */
  open(): Promise<void> {
    return this.#inTurn(async () => {
      await nft(this.#rules);
      const present = (await this.#read()) ?? [];
      for (const owner of new Set(present.map((element) => element.owner))) {
        if (owner !== "") this.#want(owner, (element) => element.owner === owner, present);
      }
    });
  }

  async elements(): Promise<readonly Element[]> {
    return (await this.#inTurn(() => this.#read())) ?? [];
  }

  /** As it was when it was last read here: what somebody else has added since then, `replace` refuses to take from them. */
  async lastSeen(): Promise<readonly Element[]> {
    return this.#seen ?? (await this.elements());
  }

  /**
   * Make `wanted` all the owner has in these sets. A key another owner has is `already_exists`. Resolves with the elements that
   * came or went.
   */
  replace(owner: string, sets: readonly SetName[], wanted: readonly Element[]): Promise<readonly Element[]> {
    return this.#inTurn(async () => {
      const changed = await this.#replace(owner, sets, wanted);
      const others = this.#wantedOf(owner).filter(({ set }) => !sets.includes(set));
      this.#want(owner, () => true, [...others, ...wanted]);
      return changed;
    });
  }

  /**
   * Everything the owner `from` has becomes that of `to`, in one change; `rewritten` gives each element's new key. A table
   * that is gone has nothing to carry over.
   */
  hand(from: string, to: string, rewritten: (element: Element) => string): Promise<void> {
    const handed = (element: Element): Element => ({ ...element, owner: to, key: rewritten(element) });
    return this.#inTurn(async () => {
      const owned = ((await this.#read()) ?? []).filter(({ owner }) => owner === from);
      const expected = this.#wantedOf(from).map(handed);
      if (owned.length > 0) {
        const script = [
          ...owned.map((element) => this.#deletion(element)),
          ...owned.map((element) => this.#addition(handed(element))),
        ];
        await nft(`${script.join("\n")}\n`);
      }
      this.#wanted.delete(from);
      // What a first call handed over is expected of `to` already.
      if (expected.length > 0) this.#want(to, () => true, expected);
      else if (owned.length > 0) this.#want(to, () => true, owned.map(handed));
      this.#seen = undefined;
    });
  }

  /** Compare what is there with what must be, and change nothing. `also` is expected beside what this process has set. */
  inspect(also: readonly Element[] = []): Promise<TableState> {
    return this.#inTurn(async () => {
      const entries = await this.#entries();
      if (entries === undefined) return { rules: "missing", owners: [...this.#wanted.keys()] };
      this.#shape ??= shapeOfRules(this.#name, this.#rules);
      // A failure is not the answer for ever.
      this.#shape.catch(() => {
        this.#shape = undefined;
      });
      const present = parseElements(entries);
      this.#seen = present;
      const rules = shapeOf(entries) === (await this.#shape) && !present.some(isNobodys) ? "right" : "changed";
      const expected = [...[...this.#wanted.values()].flat(), ...also];
      const missing = expected.filter((element) => !present.some(isEqual(element)));
      const extra = present.filter(({ owner, ...rest }) => {
        return this.#wanted.has(owner) && !expected.some(isEqual({ ...rest, owner }));
      });
      return { rules, owners: [...new Set([...missing, ...extra].map(({ owner }) => owner))] };
    });
  }

  /** Have the whole table as it must be, in one atomic change. */
  restore(): Promise<void> {
    return this.#inTurn(() => this.#makeAnew());
  }

  async #makeAnew(): Promise<void> {
    const wanted = [...this.#wanted.values()].flat();
    await nft(
      [
        // Added before it is deleted, because deleting what is not there fails.
        `add table ip ${this.#name}`,
        `delete table ip ${this.#name}`,
        this.#rules,
        ...wanted.map((element) => this.#addition(element)),
        "",
      ].join("\n"),
    );
    this.#seen = wanted;
  }

  async #replace(owner: string, sets: readonly SetName[], wanted: readonly Element[]): Promise<readonly Element[]> {
    const before = wanted.length === 0 ? undefined : await this.#readAndAdd(wanted);
    if (before === undefined) return this.#exchange(owner, sets, wanted);
    try {
      refuseConflict(wanted, before);
    } catch (conflict) {
      // The kernel takes what is there already, whoever has it, as added.
      await this.#remove(wanted.filter((element) => !before.some(hasKeyOf(element))));
      throw conflict;
    }
    const owned = before.filter((element) => element.owner === owner && sets.includes(element.set));
    const gone = owned.filter((element) => !wanted.some(hasKeyOf(element)));
    await this.#remove(gone);
    return [...gone, ...wanted.filter((element) => !before.some(hasKeyOf(element)))];
  }

  /**
   * Add these to what is there, and tell what was there before. Undefined, and nothing is changed, where they cannot merely
   * be added: a key leads elsewhere, or there is no table.
   */
  async #readAndAdd(wanted: readonly Element[]): Promise<readonly Element[] | undefined> {
    const at = { family: "ip", table: this.#name };
    const commands = [
      { list: { table: { family: "ip", name: this.#name } } },
      ...wanted.map((element) => ({ add: { element: { ...at, name: element.set, elem: [notationInJson(element)] } } })),
    ];
    try {
      const before = parseElements(await nftJson(["-f", "-"], JSON.stringify({ nftables: commands })));
      this.#seen = [...before, ...wanted.filter((element) => !before.some(hasKeyOf(element)))];
      return before;
    } catch (error) {
      if (error instanceof CommandError && error.reason === "exit") return undefined;
      throw error;
    }
  }

  /** All or none in one run of nft, which fails where somebody else was faster: what is left then is tried again. */
  async #remove(gone: readonly Element[]): Promise<void> {
    let left = gone;
    for (let attempt = 1; left.length > 0; attempt += 1) {
      try {
        return await nft(`${left.map((element) => this.#deletion(element)).join("\n")}\n`);
      } catch (error) {
        const present = (await this.#read()) ?? [];
        const still = left.filter((element) => present.some(isEqual(element)));
        if (attempt === removals || still.length === left.length) throw error;
        left = still;
      }
    }
  }

  #deletion(element: Element): string {
    return `delete element ip ${this.#name} ${element.set} { ${quotedKey(element)} }`;
  }

  #addition(element: Element): string {
    return `add element ip ${this.#name} ${element.set} { ${notation(element)} }`;
  }

  /** In one transaction, so that a key that comes to lead elsewhere always leads somewhere. */
  async #exchange(owner: string, sets: readonly SetName[], wanted: readonly Element[]): Promise<readonly Element[]> {
    const present = await this.#read();
    if (present === undefined) {
      if (wanted.length > 0) await this.#makeAnewWith(owner, sets, wanted);
      return wanted;
    }
    refuseConflict(wanted, present);
    const owned = present.filter((element) => element.owner === owner && sets.includes(element.set));
    const gone = owned.filter((element) => !wanted.some(isSame(element)));
    const fresh = wanted.filter((element) => !owned.some(isSame(element)));
    const changed = [...gone, ...fresh];
    if (fresh.length === 0) {
      await this.#remove(gone);
      return changed;
    }
    const script = [
      ...gone.map((element) => this.#deletion(element)),
      ...fresh.map((element) => this.#addition(element)),
    ];
    try {
      await nft(`${script.join("\n")}\n`);
      this.#seen = [...present.filter((element) => !gone.includes(element)), ...fresh];
      return changed;
    } catch (error) {
      // Somebody else may have taken the key between the reading and the change.
      refuseConflict(wanted, (await this.#read()) ?? []);
      throw error;
    }
  }

  /** The table is gone: whoever makes it again makes it for all instances, or the others would be left without. */
  async #makeAnewWith(owner: string, sets: readonly SetName[], wanted: readonly Element[]): Promise<void> {
    refuseConflict(wanted, [...this.#wanted.values()].flat());
    this.#log.warn("the nftables table is gone, as after a flush of the whole ruleset; making it anew", {
      table: this.#name,
    });
    const before = this.#wantedOf(owner);
    this.#want(owner, () => true, [...before.filter(({ set }) => !sets.includes(set)), ...wanted]);
    try {
      await this.#makeAnew();
    } catch (error) {
      this.#want(owner, () => true, before);
      throw error;
    }
  }

  #wantedOf(owner: string): readonly Element[] {
    return this.#wanted.get(owner) ?? [];
  }

  #want(owner: string, which: (element: Element) => boolean, elements: readonly Element[]): void {
    const wanted = elements.filter(which);
    if (wanted.length === 0) this.#wanted.delete(owner);
    else this.#wanted.set(owner, wanted);
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(work);
    this.#last = turn.catch(() => undefined);
    return turn;
  }

  /** Undefined when there is no such table. */
  async #read(): Promise<readonly Element[] | undefined> {
    const entries = await this.#entries();
    if (entries === undefined) return undefined;
    this.#seen = parseElements(entries);
    return this.#seen;
  }

  async #entries(): Promise<readonly unknown[] | undefined> {
    try {
      return await nftJson(["list", "table", "ip", this.#name]);
    } catch (error) {
      if (error instanceof CommandError && error.reason === "exit" && !(await this.#exists())) return undefined;
      throw error;
    }
  }

  async #exists(): Promise<boolean> {
    const tables = await nftJson(["list", "tables", "ip"]);
    return tables.some((entry) => fields(fields(entry).table).name === this.#name);
  }
}

/** No daemon adds an entry without saying whose it is. */
function isNobodys({ owner }: Element): boolean {
  return owner === "";
}

async function nft(script: string): Promise<void> {
  await runTool("nft", ["-f", "-"], { input: script });
}

/**
 * The entries nft prints when it is told to do this. It opens its input by the name /dev/stdin: as a file, which `runTool`
 * gives it, that is possible, and as the socket that Node makes for a child it would not be.
 */
async function nftJson(args: readonly string[], input?: string): Promise<readonly unknown[]> {
  const { stdout } = await runTool("nft", ["-j", ...args], {
    maxOutput: 64 * 1024 * 1024,
    ...(input !== undefined && { input }),
  });
  return list(fields(JSON.parse(stdout)).nftables);
}
