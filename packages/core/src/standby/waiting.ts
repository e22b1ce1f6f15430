import type { InstanceRecord, Records, StandbyRecord } from "../records/records.ts";

type Snapshot = Pick<StandbyRecord, "instance" | "label">;

/** Every clone that waits, is made to wait, or is on its way out; oldest first. */
export function allWaiting(records: Records): readonly InstanceRecord[] {
  return records.instances.all().filter(({ purpose }) => purpose === "standby");
}

/** Those of one snapshot that could be handed out, oldest first. */
export function waitingFor(records: Records, { instance, label }: Snapshot): readonly InstanceRecord[] {
  return allWaiting(records).filter(
    (record) =>
      record.phase === "ready" &&
      record.problem === undefined &&
      record.cloneOf?.instance === instance &&
      record.cloneOf.label === label &&
      fits(records, record),
  );
}

/**
 * Whether it is what one made now would be: what it took from its source may have been changed there since, and so may how
 * such clones are to wait.
 */
export function fits(records: Records, { cloneOf, createdAt, workload, labels, limits }: InstanceRecord): boolean {
  const source = cloneOf === undefined ? undefined : records.instances.get(cloneOf.instance);
  if (cloneOf === undefined || source === undefined) return false;
  const wanted = records.standbys.get(cloneOf.instance, cloneOf.label);
  if (wanted !== undefined && createdAt < wanted.createdAt) return false;
  const taken = [workload, labels, limits].map((part) => JSON.stringify(part));
  return [source.workload, source.labels, source.limits].every((part, index) => JSON.stringify(part) === taken[index]);
}
