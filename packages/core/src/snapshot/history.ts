import type { History, HistoryClone, Origin } from "@dockersnap/contract/words";
import { findInstance, usersInstances } from "../instance/lookup.ts";
import type { InstanceRecord, Records, SnapshotRecord } from "../records/records.ts";
import { describeRevert } from "./reverts.ts";
import { describeSnapshot } from "./view.ts";

/** Where an instance stands and what came from what, from the records alone. */
export function describeHistory(records: Records, name: string): History {
  const record = findInstance(records, name);
  return {
    instance: name,
    created_at: record.createdAt,
    ...(record.head === undefined ? {} : { head: record.head }),
    origins: originsOf(records, record),
    snapshots: records.snapshots.of(name).map(describeSnapshot),
    clones: clonesOf(records, record),
    reverts: records.reverts.of(name).map(describeRevert),
  };
}

/** Each origin is older than the one before it, so this ends whatever the names. */
function originsOf(records: Records, instance: InstanceRecord): Origin[] {
  const origins: Origin[] = [];
  let clone: InstanceRecord | undefined = instance;
  while (clone?.cloneOf !== undefined) {
    const { instance: name, label } = clone.cloneOf;
    const source = sourceOf(records, clone);
    const snapshot = source === undefined ? undefined : originSnapshot(records, clone);
    origins.push({
      instance: name,
      label,
      gone: snapshot === undefined,
      chain: snapshot === undefined ? [] : chainTo(records, snapshot),
    });
    clone = source;
  }
  return origins;
}

function clonesOf(records: Records, source: InstanceRecord): HistoryClone[] {
  return usersInstances(records)
    .filter((clone) => clone.cloneOf?.instance === source.name && sourceOf(records, clone) !== undefined)
    .map((clone) => ({
      name: clone.name,
      label: clone.cloneOf?.label ?? "",
      created_at: clone.createdAt,
      gone: originSnapshot(records, clone) === undefined,
    }));
}

/** Undefined where it is gone: one made after its clone only has its name. */
function sourceOf(records: Records, clone: InstanceRecord): InstanceRecord | undefined {
  const source = clone.cloneOf === undefined ? undefined : records.instances.get(clone.cloneOf.instance);
  return source !== undefined && source.createdAt < clone.createdAt ? source : undefined;
}

/** As `sourceOf`, of the snapshot in it. */
function originSnapshot(records: Records, { cloneOf, createdAt }: InstanceRecord): SnapshotRecord | undefined {
  const snapshot = cloneOf === undefined ? undefined : records.snapshots.get(cloneOf.instance, cloneOf.label);
  return snapshot !== undefined && snapshot.createdAt < createdAt ? snapshot : undefined;
}

function chainTo(records: Records, last: SnapshotRecord): Origin["chain"] {
  const byLabel = new Map(records.snapshots.of(last.instance).map((snapshot) => [snapshot.label, snapshot]));
  const chain: Origin["chain"] = [];
  for (let at: SnapshotRecord | undefined = last; at !== undefined; at = byLabel.get(at.parent ?? "")) {
    byLabel.delete(at.label);
    chain.push({ label: at.label, created_at: at.createdAt });
  }
  return chain.reverse();
}
