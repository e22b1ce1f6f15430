import type { ErrorCode, History } from "@dockersnap/contract/words";

/** Something asked of a host. Names and labels may be ones there are not. */
export type HistoryAct =
  | { readonly kind: "create" | "delete" | "undo" | "redo"; readonly name: string }
  | { readonly kind: "write"; readonly name: string; readonly data: string }
  | { readonly kind: "snapshot" | "revert" | "remove-snapshot"; readonly name: string; readonly label: string }
  | { readonly kind: "rename"; readonly name: string; readonly label: string; readonly to: string }
  | { readonly kind: "clone"; readonly source: string; readonly label: string; readonly name: string };

interface Kept {
  /** Undefined for one the daemon took by itself, until its label was seen. */
  label: string | undefined;
  readonly of: Instance;
  readonly data: string | undefined;
  parent: Kept | undefined;
  removed: boolean;
}

interface Instance {
  readonly name: string;
  data: string | undefined;
  head: Kept | undefined;
  readonly snapshots: Set<Kept>;
  /** What undos go back to, the next one last. */
  past: Kept[];
  /** What redos go on to, the next one last. */
  future: Kept[];
  readonly origin: Kept | undefined;
  removed: boolean;
}

/** An instance with its history, in the form in which what is and what must be are compared. */
export interface HistorySight {
  readonly data: string | undefined;
  readonly head: string | undefined;
  /** By label. */
  readonly snapshots: Readonly<
    Record<string, { readonly parent: string | undefined; readonly data: string | undefined }>
  >;
  /** For each revert the snapshot it is crossed with next: to be taken back, or once it is, to be taken again. */
  readonly reverts: readonly { readonly undone: boolean; readonly way: string | undefined }[];
  /** Nearest first. Of one that is gone only that is told. */
  readonly origins: readonly (readonly string[] | "gone")[];
  readonly clones: readonly { readonly name: string; readonly of: string | undefined }[];
}

/**
 * What the history of instances must be, in the plainest words: snapshots that know their parent, and of each instance what
 * it can be taken back to and on to. Tests do the same to this and to the product, and compare.
 */
export class HistoryModel {
  readonly #instances = new Map<string, Instance>();

  names(): readonly string[] {
    return [...this.#instances.keys()];
  }

  /** Labels seen of one instance, oldest first. */
  labels(name: string): readonly string[] {
    return [...(this.#instances.get(name)?.snapshots ?? [])].flatMap(({ label }) => label ?? []);
  }

  /** With what the product must refuse this; undefined where it must do it. */
  refusal(act: HistoryAct): ErrorCode | undefined {
    if (act.kind === "create") return this.#instances.has(act.name) ? "already_exists" : undefined;
    const instance = this.#instances.get(act.kind === "clone" ? act.source : act.name);
    if (instance === undefined) return "not_found";
    switch (act.kind) {
      case "write":
      case "delete":
        return undefined;
      case "snapshot":
        return this.#find(instance, act.label) === undefined ? undefined : "already_exists";
      case "revert":
      case "remove-snapshot":
        return this.#find(instance, act.label) === undefined ? "not_found" : undefined;
      case "rename":
        if (this.#find(instance, act.label) === undefined) return "not_found";
        return this.#find(instance, act.to) === undefined ? undefined : "already_exists";
      case "clone":
        if (this.#find(instance, act.label) === undefined) return "not_found";
        return this.#instances.has(act.name) ? "already_exists" : undefined;
      case "undo":
      case "redo": {
        const next = (act.kind === "undo" ? instance.past : instance.future).at(-1);
        if (next === undefined) return "wrong_state";
        return next.removed ? "not_found" : undefined;
      }
    }
  }

  /** The act was done. */
  did(act: HistoryAct): void {
    switch (act.kind) {
      case "create":
        this.#insert(act.name, undefined);
        return;
      case "clone":
        this.#insert(act.name, this.#snapshot(act.source, act.label));
        return;
      case "delete":
        this.#delete(this.#instance(act.name));
        return;
      case "write":
        this.#instance(act.name).data = act.data;
        return;
      case "snapshot": {
        const instance = this.#instance(act.name);
        instance.head = this.#keep(instance, act.label);
        return;
      }
      case "remove-snapshot":
        this.#remove(this.#snapshot(act.name, act.label));
        return;
      case "rename":
        this.#snapshot(act.name, act.label).label = act.to;
        return;
      case "revert": {
        const instance = this.#instance(act.name);
        const target = this.#snapshot(act.name, act.label);
        instance.past.push(this.#keep(instance, undefined));
        instance.future = [];
        instance.data = target.data;
        instance.head = target;
        return;
      }
      case "undo":
      case "redo": {
        const instance = this.#instance(act.name);
        const [from, to] = act.kind === "undo" ? [instance.past, instance.future] : [instance.future, instance.past];
        const target = from.pop();
        if (target === undefined) throw new Error(`There is nothing to ${act.kind}.`);
        to.push(this.#keep(instance, undefined));
        instance.data = target.data;
        instance.head = target.parent;
        return;
      }
    }
  }

  /**
   * Learn under which label the product kept what an act replaced, from the labels there are now. Answers false where
   * these are not the labels there must be.
   */
  learn(name: string, labels: readonly string[]): boolean {
    const { snapshots } = this.#instance(name);
    const nameless = [...snapshots].filter(({ label }) => label === undefined);
    const known = new Set([...snapshots].map(({ label }) => label));
    const unknown = labels.filter((label) => !known.has(label));
    for (const [index, snapshot] of nameless.entries()) snapshot.label = unknown[index];
    return unknown.length === nameless.length && labels.length === snapshots.size;
  }

  /** How an instance must look. */
  expected(name: string): HistorySight {
    const { data, head, snapshots, past, future, origin } = this.#instance(name);
    const way = (kept: Kept, undone: boolean) => ({ undone, way: kept.removed ? undefined : kept.label });
    return {
      data,
      head: head?.label,
      snapshots: Object.fromEntries(
        [...snapshots].map((kept) => [kept.label, { parent: kept.parent?.label, data: kept.data }]),
      ),
      reverts: [...past.map((kept) => way(kept, false)), ...future.toReversed().map((kept) => way(kept, true))],
      origins: originsOf(origin),
      clones: [...this.#instances.values()]
        .filter((clone) => clone.origin !== undefined && clone.origin.of === this.#instances.get(name))
        .map((clone) => ({ name: clone.name, of: clone.origin?.removed ? undefined : clone.origin?.label }))
        .sort(byName),
    };
  }

  #insert(name: string, origin: Kept | undefined): void {
    this.#instances.set(name, {
      name,
      data: origin?.data,
      head: undefined,
      snapshots: new Set(),
      past: [],
      future: [],
      origin,
      removed: false,
    });
  }

  #keep(instance: Instance, label: string | undefined): Kept {
    const kept: Kept = { label, of: instance, data: instance.data, parent: instance.head, removed: false };
    instance.snapshots.add(kept);
    return kept;
  }

  #remove(gone: Kept): void {
    gone.removed = true;
    gone.of.snapshots.delete(gone);
    for (const kept of gone.of.snapshots) if (kept.parent === gone) kept.parent = gone.parent;
    if (gone.of.head === gone) gone.of.head = gone.parent;
  }

  #delete(instance: Instance): void {
    instance.removed = true;
    for (const kept of instance.snapshots) kept.removed = true;
    this.#instances.delete(instance.name);
  }

  #instance(name: string): Instance {
    const instance = this.#instances.get(name);
    if (instance === undefined) throw new Error(`There is no instance ${name}.`);
    return instance;
  }

  #snapshot(name: string, label: string): Kept {
    const kept = this.#find(this.#instance(name), label);
    if (kept === undefined) throw new Error(`There is no snapshot ${name}@${label}.`);
    return kept;
  }

  #find(instance: Instance, label: string): Kept | undefined {
    return [...instance.snapshots].find((kept) => kept.label === label);
  }
}

/** How an instance looks, from what the product tells of it and what was read from its disk. */
export function historySight(
  { head, snapshots, reverts, origins, clones }: History,
  data: string | undefined,
  contents: (label: string) => string | undefined,
): HistorySight {
  return {
    data,
    head,
    snapshots: Object.fromEntries(snapshots.map(({ label, parent }) => [label, { parent, data: contents(label) }])),
    reverts: reverts.map(({ undone, lost, kept_as, redo_as }) => ({
      undone,
      way: lost ? undefined : undone ? redo_as : kept_as,
    })),
    origins: origins.map(({ instance, chain, gone }) =>
      gone ? "gone" : chain.map(({ label }) => `${instance}@${label}`),
    ),
    clones: clones.map(({ name, label, gone }) => ({ name, of: gone ? undefined : label })).sort(byName),
  };
}

function originsOf(origin: Kept | undefined): HistorySight["origins"] {
  if (origin === undefined) return [];
  const { of } = origin;
  if (of.removed) return ["gone"];
  if (origin.removed) return ["gone", ...originsOf(of.origin)];
  const chain: string[] = [];
  for (let at: Kept | undefined = origin; at !== undefined; at = at.parent) chain.push(`${of.name}@${at.label}`);
  return [chain.reverse(), ...originsOf(of.origin)];
}

const byName = (a: { readonly name: string }, b: { readonly name: string }) => (a.name < b.name ? -1 : 1);
