import { DockersnapError, didYouMean, nearestOf } from "@dockersnap/contract/words";
import type { InstanceRecord, Records, SnapshotRecord } from "../records/records.ts";

/** Those somebody asked for, oldest first; what the daemon made for itself is left out. */
export function usersInstances(records: Records): readonly InstanceRecord[] {
  return records.instances.all().filter(({ purpose }) => purpose === undefined);
}

/** The record, or `not_found` with the nearest name there is. One whose create has not ended is not there yet. */
export function findInstance(records: Records, name: string): InstanceRecord {
  const record = records.instances.get(name);
  if (record !== undefined) return record;
  const near = nearestOf(
    name,
    usersInstances(records).map((instance) => instance.name),
  );
  throw new DockersnapError(
    "not_found",
    `No instance '${name}'.${didYouMean(near) || " 'dockersnap list' shows those there are."}`,
    offered(near),
  );
}

/** The record of an instance operations may work on; one half made or half removed is `wrong_state`. */
export function readyInstance(records: Records, name: string): InstanceRecord {
  const record = findInstance(records, name);
  if (record.purpose === "standby") throw waits(record);
  if (record.phase === "ready") return record;
  throw new DockersnapError(
    "wrong_state",
    record.phase === "creating"
      ? `Instance '${name}' was only partly created. Delete it with 'dockersnap delete ${name}' and create it again.`
      : `Instance '${name}' is being deleted. If that delete failed, run it again.`,
  );
}

/** The answer to whoever wants something of a clone that is held still and gone as soon as somebody asks for one. */
export function waits({ name, cloneOf }: InstanceRecord): DockersnapError {
  const { instance, label } = cloneOf ?? { instance: "", label: "" };
  return new DockersnapError(
    "wrong_state",
    `'${name}' is a standby clone and cannot be used directly. 'dockersnap clone ${instance} ${label} <name>' claims one.`,
  );
}

/** The snapshot's record, or `not_found` with the nearest label of this instance. */
export function findSnapshot(records: Records, instance: string, label: string): SnapshotRecord {
  const record = records.snapshots.get(instance, label);
  if (record !== undefined) return record;
  const labels = records.snapshots.of(instance).map((snapshot) => snapshot.label);
  const near = nearestOf(label, labels);
  const others =
    labels.length === 0
      ? ` It has none yet; 'dockersnap snapshot ${instance} <label>' takes one.`
      : ` 'dockersnap snapshots ${instance}' shows those there are.`;
  throw new DockersnapError(
    "not_found",
    `No snapshot '${label}' of instance '${instance}'.${didYouMean(near) || others}`,
    offered(near),
  );
}

/** For programs: the best one, and all where there are several. */
function offered(near: readonly string[]): { details?: Record<string, unknown> } {
  const [first, ...others] = near;
  if (first === undefined) return {};
  return { details: { nearest: first, ...(others.length === 0 ? {} : { candidates: near }) } };
}
