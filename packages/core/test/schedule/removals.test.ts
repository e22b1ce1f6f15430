import { scheduleTag } from "@dockersnap/contract";
import { describe, expect, it } from "vitest";
import type { ScheduleRecord, SnapshotRecord } from "../../src/records/records.ts";
import { dueRemovals } from "../../src/schedule/removals.ts";
import { samples } from "../../testing/index.ts";

const now = new Date("2026-03-01T00:00:00Z");

function snapshot(label: string, createdAt: string, more: Partial<SnapshotRecord> = {}): SnapshotRecord {
  return samples.snapshot("web", label, 0, { createdAt, tags: { [scheduleTag]: "nightly" }, ...more });
}

function schedule(keep: ScheduleRecord["keep"], id = "nightly"): ScheduleRecord {
  return samples.schedule("web", id, { cron: "@hourly", keep, createdAt: "2026-01-01T00:00:00.000Z" });
}

/** One every `hours`, the newest an hour ago, each called after its time. */
function series(count: number, hours: number): SnapshotRecord[] {
  const times = Array.from({ length: count }, (_, index) => now.getTime() - 3_600_000 * (1 + index * hours));
  return times.map((time) => snapshot(new Date(time).toISOString(), new Date(time).toISOString())).reverse();
}

const left = (snapshots: readonly SnapshotRecord[], ...schedules: ScheduleRecord[]) => {
  const gone = new Set(dueRemovals(snapshots, schedules, now).map(({ label }) => label));
  return snapshots.map(({ label }) => label).filter((label) => !gone.has(label));
};

describe("the rules of a schedule", () => {
  it("keep the last so many", () => {
    const all = series(10, 1);
    expect(left(all, schedule({ last: 3 }))).toEqual(all.slice(-3).map(({ label }) => label));
  });

  it("keep the newest of each hour, day, week and month that has one", () => {
    const times = ["2026-01-31T23:50", "2026-02-01T00:10", "2026-02-08T12:00", "2026-02-09T12:00", "2026-02-09T12:30"];
    const all = times.map((time) => snapshot(time, `${time}:00.000Z`));
    const kept = (keep: ScheduleRecord["keep"]) => left(all, schedule(keep)).map((label) => label.slice(5));
    expect(kept({ hourly: 2 })).toEqual(["02-08T12:00", "02-09T12:30"]);
    expect(kept({ daily: 3 })).toEqual(["02-01T00:10", "02-08T12:00", "02-09T12:30"]);
    // The 8th of February 2026 is a Sunday, so the week of the 9th is another one.
    expect(kept({ weekly: 3 })).toEqual(["02-01T00:10", "02-08T12:00", "02-09T12:30"]);
    expect(kept({ monthly: 2 })).toEqual(["01-31T23:50", "02-09T12:30"]);
  });

  it("stand beside each other: one that any of them keeps stays", () => {
    const all = series(24 * 40, 1);
    const kept = left(all, schedule({ hourly: 24, daily: 7, weekly: 4, monthly: 2 }));
    expect(kept.slice(-24)).toEqual(all.slice(-24).map(({ label }) => label));
    const older = ["01-31", "02-08", "02-15", "02-22", "02-23", "02-24", "02-25", "02-26", "02-27"];
    expect(kept.slice(0, -24)).toEqual(older.map((day) => `2026-${day}T23:00:00.000Z`));
  });

  it("concern only what that schedule took, and nothing that is protected", () => {
    const all = [
      snapshot("manual", "2026-01-01T00:00:00.000Z", { tags: {} }),
      snapshot("of-another", "2026-01-01T00:00:00.000Z", { tags: { [scheduleTag]: "other" } }),
      snapshot("protected", "2026-01-01T00:00:00.000Z", { protected: true }),
      ...series(3, 1),
    ];
    expect(left(all, schedule({ last: 1 }))).toEqual(["manual", "of-another", "protected", all.at(-1)?.label]);
    expect(left(all)).toHaveLength(all.length);
    expect(left(all, schedule(undefined))).toHaveLength(all.length);
  });

  it("lose nothing to a protected one that would have taken a place", () => {
    const all = series(3, 1).map((one, index) => ({ ...one, protected: index === 2 }));
    expect(left(all, schedule({ last: 2 }))).toHaveLength(3);
  });

  it("neither remove nor count snapshots from the future: the clock was set back", () => {
    const all = [...series(5, 1), snapshot("later", "2026-03-02T00:00:00.000Z")];
    expect(left(all, schedule({ last: 1 }))).toEqual([all[4]?.label, "later"]);
  });

  it("are named as the reason", () => {
    const all = series(3, 1);
    expect(dueRemovals(all, [schedule({ last: 2, hourly: 1, daily: 1 })], now)).toEqual([
      { label: all[0]?.label, reason: "schedule 'nightly' keeps the last 2, 1 hourly and 1 daily" },
    ]);
  });
});

describe("an expiry", () => {
  it("takes what is over, and neither what is protected nor what has time left", () => {
    const at = "2026-01-01T00:00:00.000Z";
    const over = { expiresAt: "2026-02-28T23:59:59.000Z", tags: {} };
    const all = [
      snapshot("forever", at, { tags: {} }),
      snapshot("over", at, over),
      snapshot("protected", at, { ...over, protected: true }),
      snapshot("not-yet", at, { ...over, expiresAt: "2026-03-01T00:00:01.000Z" }),
      snapshot("just-now", at, { ...over, expiresAt: "2026-03-01T00:00:00.000Z" }),
    ];
    expect(dueRemovals(all, [], now)).toEqual([
      { label: "over", reason: "its time was over at 2026-02-28T23:59:59.000Z" },
      { label: "just-now", reason: "its time was over at 2026-03-01T00:00:00.000Z" },
    ]);
  });
});
