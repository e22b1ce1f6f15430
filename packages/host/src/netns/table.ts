import { DockersnapError } from "@dockersnap/contract/words";
import type { Log } from "@dockersnap/core";
import { CommandError } from "../process/commandError.ts";
import { runTool } from "../process/tool.ts";
import { fields, list } from "./json.ts";
import { instanceName } from "./names.ts";
import { ruleset, setTypes } from "./ruleset.ts";

export type SetName = keyof typeof setTypes;

/** One entry of the table: `tcp . 8080` leads to `10.10.0.2 . 80`, as nft writes it. Its comment says whose it is. */
export interface Element {
  readonly set: SetName;
  readonly key: string;
  readonly value?: string;
  readonly owner: string;
}

/**
 * The daemon's own nftables table on the host. What is in it is read from the kernel each time, so that it does not
 * matter which daemon put it there or who emptied it; nft runs as seldom as that allows, since each run takes longer than
 * what the kernel has to do.
 */
export class Table {
  readonly #name: string;
  readonly #rules: string;
  readonly #log: Log;
  /** By the latest run of nft that read all of it, with what was added since; what was removed since may still be in it. */
  #seen: readonly Element[] | undefined;

  constructor(options: { name: string; proxyBind: string; log: Log }) {
    this.#name = options.name;
    this.#rules = ruleset(options.name, options.proxyBind);
    this.#log = options.log;
  }

  /** Put chains and sets in place. Elements that are there stay, without a moment in which they do not work. */
  async open(): Promise<void> {
    await nft(this.#rules);
  }

  async elements(): Promise<readonly Element[]> {
    return (await this.#read()) ?? [];
  }

  /** As it was when it was last read here: what somebody else has added since then, `replace` refuses to take from them. */
  async lastSeen(): Promise<readonly Element[]> {
    return this.#seen ?? (await this.elements());
  }

  /** Make `wanted` all the owner has in these sets. A key another owner has is `already_exists`. */
  async replace(owner: string, sets: readonly SetName[], wanted: readonly Element[]): Promise<void> {
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
    await this.#remove(owned.filter((element) => !wanted.some(hasKeyOf(element))));
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

  async #remove(gone: readonly Element[]): Promise<void> {
    if (gone.length > 0) await nft(`${gone.map((element) => this.#deletion(element)).join("\n")}\n`);
  }

  #deletion(element: Element): string {
    return `delete element ip ${this.#name} ${element.set} { ${quotedKey(element)} }`;
  }

  #addition(element: Element): string {
    return `add element ip ${this.#name} ${element.set} { ${notation(element)} }`;
  }

  /** In one transaction, so that a key that comes to lead elsewhere always leads somewhere. */
  async #exchange(owner: string, sets: readonly SetName[], wanted: readonly Element[]): Promise<void> {
    const read = await this.#read();
    if (read === undefined && wanted.length === 0) return;
    const present = read ?? [];
    refuseConflict(wanted, present);
    const stays = (a: Element) => (b: Element) => hasKeyOf(a)(b) && a.value === b.value;
    const owned = present.filter((element) => element.owner === owner && sets.includes(element.set));
    const gone = owned.filter((element) => !wanted.some(stays(element)));
    const fresh = wanted.filter((element) => !owned.some(stays(element)));
    if (gone.length === 0 && fresh.length === 0) return;
    if (read === undefined) {
      this.#log.warn("the nftables table is gone, as after a flush of the whole ruleset; making it anew", {
        table: this.#name,
      });
    }
    const script = [
      read === undefined ? this.#rules : "",
      ...gone.map((element) => this.#deletion(element)),
      ...fresh.map((element) => this.#addition(element)),
    ];
    try {
      await nft(`${script.join("\n")}\n`);
      this.#seen = [...present.filter((element) => !gone.includes(element)), ...fresh];
    } catch (error) {
      // Another instance may have taken the key between the reading and the change.
      refuseConflict(wanted, await this.elements());
      throw error;
    }
  }

  /**
   * Everything the owner `from` has becomes that of `to`, in one change; `rewritten` gives each element's new key. A table
   * that is gone has nothing to carry over.
   */
  async hand(from: string, to: string, rewritten: (element: Element) => string): Promise<void> {
    const owned = ((await this.#read()) ?? []).filter(({ owner }) => owner === from);
    if (owned.length === 0) return;
    const script = [
      ...owned.map((element) => this.#deletion(element)),
      ...owned.map((element) => this.#addition({ ...element, owner: to, key: rewritten(element) })),
    ];
    await nft(`${script.join("\n")}\n`);
    this.#seen = undefined;
  }

  /** Undefined when there is no such table. */
  async #read(): Promise<readonly Element[] | undefined> {
    try {
      this.#seen = parseElements(await nftJson(["list", "table", "ip", this.#name]));
      return this.#seen;
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

function refuseConflict(wanted: readonly Element[], present: readonly Element[]): void {
  for (const { set, key, owner } of wanted) {
    const other = present.find((element) => hasKeyOf({ set, key })(element) && element.owner !== owner);
    if (other === undefined) continue;
    const what = set === "ports" ? `The host's port ${key.replace(" . ", " ")}` : `The network device ${key}`;
    throw new DockersnapError(
      "already_exists",
      `${what} is in use by ${other.owner === "" ? "an entry of an unknown owner" : `instance ${other.owner}`}, so ${owner} cannot have it. Free it there first.`,
      { details: { instance: other.owner, key } },
    );
  }
}

const hasKeyOf =
  ({ set, key }: Pick<Element, "set" | "key">) =>
  (other: Element) =>
    other.set === set && other.key === key;

function notation(element: Element): string {
  const { value, owner } = element;
  return `${quotedKey(element)} comment "${owner}"${value === undefined ? "" : ` : ${value}`}`;
}

function notationInJson({ key, value, owner }: Element): unknown {
  const left = { elem: { val: termInJson(key), comment: owner } };
  return value === undefined ? left : [left, termInJson(value)];
}

/** A device may be called like a word of nft's own. */
function quotedKey({ set, key }: Element): string {
  return set === "ports" ? key : key.replace(/^\S+/, (device) => `"${device}"`);
}

/** The elements in what `nft -j list table` prints; those without a comment of ours have the owner "". */
function parseElements(entries: readonly unknown[]): readonly Element[] {
  return entries.flatMap((entry) => {
    const { name, elem } = { ...fields(fields(entry).map), ...fields(fields(entry).set) } as Record<string, unknown>;
    if (!isSetName(name)) return [];
    return list(elem).map((element) => {
      const [left, right] = Array.isArray(element) ? element : [element];
      const { val, comment } = fields(fields(left).elem);
      return {
        set: name,
        key: term(val ?? left),
        ...(right === undefined ? {} : { value: term(right) }),
        owner: typeof comment === "string" ? (instanceName(comment) ?? "") : "",
      };
    });
  });
}

function isSetName(name: unknown): name is SetName {
  return typeof name === "string" && Object.hasOwn(setTypes, name);
}

/** nft prints concatenations as objects, and names of devices without the quotes it wants to read. */
function term(value: unknown): string {
  const parts = fields(value).concat;
  return (Array.isArray(parts) ? parts : [value]).map(String).join(" . ");
}

function termInJson(text: string): unknown {
  const [first, ...more] = text.split(" . ").map((part) => (/^\d+$/.test(part) ? Number(part) : part));
  return more.length === 0 ? first : { concat: [first, ...more] };
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
