import { currentStateWord, type DiffPoint, DockersnapError } from "@dockersnap/contract/words";
import { findInstance, findSnapshot, readyInstance } from "../instance/lookup.ts";
import type { Platform } from "../platform.ts";
import type { InstanceRecord, Records } from "../records/records.ts";

/** A moment that can be looked into. */
export interface Point {
  readonly view: DiffPoint;
  readonly dataRoot: string;
  /** Changes when what is found there is another one's, or another moment's. */
  readonly mark: string | undefined;
}

type Deps = Pick<Platform, "records" | "storage" | "clock">;

/** As a person writes it: `now`, a label of the instance's, or `<instance>@<label>`. */
export function findPoint(deps: Deps, instance: string, words: string): Point {
  const at = words.indexOf("@");
  const [name, label] = at === -1 ? [instance, words] : [words.slice(0, at), words.slice(at + 1)];
  const record = findInstance(deps.records, name);
  // Older versions let a snapshot be called so; its full name tells it apart.
  const isNow =
    label === currentStateWord && (at === -1 || deps.records.snapshots.get(name, currentStateWord) === undefined);
  return isNow ? present(deps, record) : snapshot(deps, name, label);
}

/** Where an instance came from last: its head, or the snapshot it was cloned from. */
export function beginningOf(deps: Deps, name: string): Point {
  const { head, cloneOf, createdAt } = findInstance(deps.records, name);
  if (head !== undefined) return snapshot(deps, name, head);
  const origin = cloneOf === undefined ? undefined : deps.records.snapshots.get(cloneOf.instance, cloneOf.label);
  if (origin !== undefined && origin.createdAt < createdAt) return snapshot(deps, origin.instance, origin.label);
  throw new DockersnapError(
    "wrong_state",
    cloneOf === undefined
      ? `Instance '${name}' came from no snapshot that could be compared with. 'dockersnap snapshot ${name} <label>' takes one.`
      : `The snapshot '${name}' was cloned from is gone, so there is nothing to compare with. Name one: dockersnap diff ${name} <label>.`,
  );
}

function present({ records, storage, clock }: Deps, { name }: InstanceRecord): Point {
  readyInstance(records, name);
  return {
    view: { instance: name, at: clock.now().toISOString() },
    dataRoot: storage.path(name),
    mark: markOf(records, { instance: name }),
  };
}

function snapshot({ records, storage }: Deps, instance: string, label: string): Point {
  const { createdAt } = findSnapshot(records, instance, label);
  const view = { instance, label, at: createdAt };
  return { view, dataRoot: storage.snapshotPath(instance, label), mark: markOf(records, view) };
}

/** Rejects with `wrong_state` when a point is not what it was. */
export function assertStill({ records }: Pick<Platform, "records">, points: readonly Point[]): void {
  for (const { view, mark } of points) {
    if (mark !== markOf(records, view)) throw gone(view);
  }
}

export function gone({ instance, label }: Pick<DiffPoint, "instance" | "label">): DockersnapError {
  return new DockersnapError(
    "wrong_state",
    label === undefined
      ? `Instance '${instance}' was put back to a snapshot, or deleted, while it was compared. Ask again.`
      : `Snapshot '${label}' of '${instance}' was deleted or renamed while it was compared. 'dockersnap snapshots ${instance}' shows those there are.`,
  );
}

function markOf(records: Records, { instance, label }: Pick<DiffPoint, "instance" | "label">): string | undefined {
  if (label !== undefined) return records.snapshots.get(instance, label)?.createdAt;
  const record = records.instances.get(instance);
  return record === undefined
    ? undefined
    : JSON.stringify([record.createdAt, record.phase, records.reverts.of(instance)]);
}
