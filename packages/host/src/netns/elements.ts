import { DockersnapError } from "@dockersnap/contract/words";
import { fields, list } from "./json.ts";
import { instanceName } from "./names.ts";
import { setTypes } from "./ruleset.ts";

export type SetName = keyof typeof setTypes;

/** One entry of the table: `tcp . 8080` leads to `10.10.0.2 . 80`, as nft writes it. Its comment says whose it is. */
export interface Element {
  readonly set: SetName;
  readonly key: string;
  readonly value?: string;
  readonly owner: string;
}

export const hasKeyOf =
  ({ set, key }: Pick<Element, "set" | "key">) =>
  (other: Element) =>
    other.set === set && other.key === key;

/** The same entry, whoever has it. */
export const isSame = (a: Element) => (b: Element) => hasKeyOf(a)(b) && a.value === b.value;

/** The same entry of the same instance. */
export const isEqual = (a: Element) => (b: Element) => isSame(a)(b) && a.owner === b.owner;

export function notation(element: Element): string {
  const { value, owner } = element;
  return `${quotedKey(element)} comment "${owner}"${value === undefined ? "" : ` : ${value}`}`;
}

export function notationInJson({ key, value, owner }: Element): unknown {
  const left = { elem: { val: termInJson(key), comment: owner } };
  return value === undefined ? left : [left, termInJson(value)];
}

/** A device may be called like a word of nft's own. */
export function quotedKey({ set, key }: Element): string {
  return isPortSet(set) ? key : key.replace(/^\S+/, (device) => `"${device}"`);
}

/** The elements in what `nft -j list table` prints; those without a comment of ours have the owner "". */
export function parseElements(entries: readonly unknown[]): readonly Element[] {
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

/** The sets whose keys are ports of the host; one port is one instance's, whichever of them it is in. */
export function isPortSet(set: SetName): boolean {
  return set === "ports" || set === "localports";
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

/** `already_exists` when another instance has a key of these. */
export function refuseConflict(wanted: readonly Element[], present: readonly Element[]): void {
  for (const { set, key, owner } of wanted) {
    const other = present.find(
      (element) =>
        element.key === key &&
        element.owner !== owner &&
        (element.set === set || (isPortSet(element.set) && isPortSet(set))),
    );
    if (other === undefined) continue;
    const what = isPortSet(set) ? `The host's port ${key.replace(" . ", " ")}` : `The network device ${key}`;
    throw new DockersnapError(
      "already_exists",
      `${what} is in use by ${other.owner === "" ? "an entry of an unknown owner" : `instance ${other.owner}`}, so ${owner} cannot have it. Free it there first.`,
      { details: { instance: other.owner, key } },
    );
  }
}
