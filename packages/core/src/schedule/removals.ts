import { scheduleTag } from "@dockersnap/contract/words";
import type { ScheduleRecord, SnapshotRecord } from "../records/records.ts";
import { keptBy, rulesInWords } from "./keep.ts";

/** A snapshot that goes, and why, as a person reads it. */
export interface Removal {
  readonly label: string;
  readonly reason: string;
}

/**
 * What of an instance's snapshots is to go now: those whose time is over, and those that the schedule which made them does
 * not keep; `now` is the time by which snapshots are removed. Never one that is protected; nor do those count for the rules, so that protecting one costs no other.
 */
export function dueRemovals(
  snapshots: readonly SnapshotRecord[],
  schedules: readonly ScheduleRecord[],
  now: Date,
): readonly Removal[] {
  const free = snapshots.filter((snapshot) => !snapshot.protected);
  const removals = new Map<string, Removal>();
  for (const schedule of schedules) {
    const own = free.filter(({ tags }) => tags[scheduleTag] === schedule.id);
    for (const removal of unkept(schedule, own, now)) removals.set(removal.label, removal);
  }
  for (const { label, expiresAt } of expired(free, now)) {
    removals.set(label, { label, reason: `its time was over at ${expiresAt}` });
  }
  return free.flatMap(({ label }) => removals.get(label) ?? []);
}

function expired(snapshots: readonly SnapshotRecord[], now: Date): readonly SnapshotRecord[] {
  const time = now.toISOString();
  return snapshots.filter(({ expiresAt, protected: isProtected }) => !isProtected && (expiresAt ?? "~") <= time);
}

function unkept({ id, keep }: ScheduleRecord, own: readonly SnapshotRecord[], now: Date): readonly Removal[] {
  if (keep === undefined) return [];
  // The clock was set back, or is ahead: those of a time that has not come stay, and take no place of the others.
  const past = own.filter(({ createdAt }) => createdAt <= now.toISOString());
  const kept = keptBy(keep, past);
  const reason = `schedule '${id}' keeps ${rulesInWords(keep)}`;
  return past.filter(({ label }) => !kept.has(label)).map(({ label }) => ({ label, reason }));
}
