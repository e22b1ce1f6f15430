import type { Change, SettingChange } from "@dockersnap/contract/words";

/** A workload chooses these words; nobody reads more of one. */
const longestValue = 1_024;
const mostSettings = 200;

/** Everything of one kind, by what tells one from another. */
type Values = Readonly<Record<string, string>> | ReadonlyMap<string, string>;

/** Collects what differs in how something was set up. */
export class SettingChanges {
  readonly #all: SettingChange[] = [];

  /** One value on each side; undefined where there is none. */
  value(setting: string, from: string | undefined, to: string | undefined, name?: string): this {
    if (from === to) return this;
    this.#all.push({
      setting,
      ...(name === undefined ? {} : { name: cut(name) }),
      ...(from === undefined ? {} : { from: cut(from) }),
      ...(to === undefined ? {} : { to: cut(to) }),
    });
    return this;
  }

  /** Values with names. */
  each(setting: string, from: Values, to: Values): this {
    const [before, after] = [asMap(from), asMap(to)];
    for (const name of new Set([...before.keys(), ...after.keys()])) {
      this.value(setting, before.get(name), after.get(name), name);
    }
    return this;
  }

  /** As `each`, of settings whose name says what they are. */
  named(from: Values, to: Values): this {
    const [before, after] = [asMap(from), asMap(to)];
    for (const name of new Set([...before.keys(), ...after.keys()]))
      this.value(name, before.get(name), after.get(name));
    return this;
  }

  /** Values without names, in no order. */
  members(setting: string, from: readonly string[], to: readonly string[]): this {
    for (const gone of from.filter((one) => !to.includes(one))) this.value(setting, gone, undefined);
    for (const fresh of to.filter((one) => !from.includes(one))) this.value(setting, undefined, fresh);
    return this;
  }

  list(): SettingChange[] {
    return this.#all.slice(0, mostSettings);
  }
}

function asMap(values: Values): ReadonlyMap<string, string> {
  return values instanceof Map ? values : new Map(Object.entries(values));
}

function cut(text: string): string {
  return text.length <= longestValue ? text : `${text.slice(0, longestValue)}…`;
}

/** One thing on both sides, or on one. */
export interface Pair<T> {
  readonly from: T | undefined;
  readonly to: T | undefined;
}

/** Pairs by the first of `keys` that tells a thing; what is left over is alone. In the order of `to`, then what went. */
export function pairUp<T>(from: readonly T[], to: readonly T[], ...keys: readonly ((one: T) => string)[]): Pair<T>[] {
  const partners = new Map<T, T>();
  const left = new Set(from);
  for (const key of keys) {
    const byKey = new Map([...left].map((one) => [key(one), one]));
    for (const one of to) {
      const partner = partners.has(one) ? undefined : byKey.get(key(one));
      if (partner === undefined || !left.delete(partner)) continue;
      partners.set(one, partner);
    }
  }
  return [
    ...to.map((one) => ({ from: partners.get(one), to: one })),
    ...[...left].map((one) => ({ from: one, to: undefined })),
  ];
}

export function changeOf({ from, to }: Pair<unknown>): Change {
  return from === undefined ? "added" : to === undefined ? "removed" : "changed";
}
