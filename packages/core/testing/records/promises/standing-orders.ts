import { beforeEach, describe, expect, it } from "vitest";
import type { Records, StandbyRecord } from "../../../src/records/records.ts";
import { at, instance, schedule, snapshot } from "../samples.ts";

/** What is done by itself: schedules and clones kept waiting. `records` gives those of the present test, empty at its begin. */
export function standingOrders(records: () => Records): void {
  describe("standbys", () => {
    const standby = (label: string, change: Partial<StandbyRecord> = {}): StandbyRecord => ({
      instance: "web",
      label,
      count: 2,
      frozen: true,
      createdAt: at(1),
      ...change,
    });

    beforeEach(() => {
      records().instances.insert(instance("web", 0));
      for (const [second, label] of ["a", "b", "c"].entries())
        records().snapshots.insert(snapshot("web", label, second));
    });

    it("come back as they were saved, oldest first, the last of each snapshot", () => {
      records().standbys.save(standby("b"));
      records().standbys.save(standby("a", { createdAt: at(2), frozen: false }));
      records().standbys.save(standby("b", { count: 5 }));
      expect(records().standbys.all()).toEqual([
        standby("b", { count: 5 }),
        standby("a", { createdAt: at(2), frozen: false }),
      ]);
      expect(records().standbys.get("web", "b")).toEqual(standby("b", { count: 5 }));
      records().standbys.remove("web", "b");
      records().standbys.remove("web", "b");
      expect(records().standbys.get("web", "b")).toBeUndefined();
    });

    it("need their snapshot, follow it to another label, and go with it or with its instance", () => {
      expect(() => records().standbys.save(standby("absent"))).toThrow(expect.objectContaining({ code: "not_found" }));
      for (const [second, label] of ["a", "b", "c"].entries()) {
        records().standbys.save(standby(label, { createdAt: at(second) }));
      }
      records().snapshots.update("web", "a", { label: "new" });
      records().snapshots.update("web", "b", { tags: { k: "v" } });
      records().snapshots.remove("web", "c");
      expect(
        records()
          .standbys.all()
          .map(({ label }) => label),
      ).toEqual(["new", "b"]);
      records().instances.remove("web");
      expect(records().standbys.all()).toEqual([]);
    });
  });

  describe("the last look at the clock", () => {
    it("is none at first, and then the one that was saved last", () => {
      expect(records().time.get()).toBeUndefined();
      records().time.save({ boot: "one", uptimeMs: 1.5, wall: at(1), jumps: [] });
      const last = { boot: "two", uptimeMs: 7, wall: at(2), jumps: [{ ms: 9, leftMs: 8, kind: "set" as const }] };
      records().time.save(last);
      expect(records().time.get()).toEqual(last);
    });
  });

  describe("schedules", () => {
    beforeEach(() => {
      records().instances.insert(instance("web", 0));
      records().instances.insert(instance("api", 1));
    });

    it("come back as they went in, by instance and name", () => {
      const whole = schedule("web", "nightly", {
        tags: { a: "b" },
        keep: { last: 1, weekly: 4 },
        lastRunAt: at(5),
        lastError: "No room.",
      });
      const trying = schedule("web", "proof", { action: "verify", label: "", of: "nightly", timeoutMs: 300_000 });
      records().schedules.save(trying);
      expect(records().schedules.of("web")).toEqual([trying]);
      records().schedules.remove("web", "proof");
      records().schedules.save(whole);
      records().schedules.save(schedule("web", "hourly"));
      records().schedules.save(schedule("api", "nightly"));
      expect(records().schedules.of("web")).toEqual([schedule("web", "hourly"), whole]);
      expect(
        records()
          .schedules.all()
          .map((one) => `${one.instance}/${one.id}`),
      ).toEqual(["api/nightly", "web/hourly", "web/nightly"]);
      expect(records().schedules.of("absent")).toEqual([]);
    });

    it("are replaced by the same name, and removed once", () => {
      records().schedules.save(schedule("web", "nightly"));
      records().schedules.save(schedule("web", "nightly", { lastRunAt: at(7) }));
      expect(records().schedules.of("web")).toEqual([schedule("web", "nightly", { lastRunAt: at(7) })]);
      records().schedules.remove("web", "nightly");
      records().schedules.remove("web", "nightly");
      expect(records().schedules.all()).toEqual([]);
    });

    it("belong to an instance that is there, and go with it", () => {
      const lost = () => records().schedules.save(schedule("absent", "nightly"));
      expect(lost).toThrow(expect.objectContaining({ code: "not_found" }));
      records().schedules.save(schedule("web", "nightly"));
      records().schedules.save(schedule("api", "nightly"));
      records().instances.remove("web");
      expect(records().schedules.all()).toEqual([schedule("api", "nightly")]);
    });

    it("stay as they were when the work around them fails", () => {
      records().schedules.save(schedule("web", "nightly"));
      const failing = () =>
        records().transaction(() => {
          records().schedules.save(schedule("web", "hourly"));
          records().schedules.remove("web", "nightly");
          throw new Error("no");
        });
      expect(failing).toThrow("no");
      expect(records().schedules.all()).toEqual([schedule("web", "nightly")]);
    });
  });
}
