import { beforeEach, describe, expect, it } from "vitest";
import type { Records } from "../../../src/records/records.ts";
import { at, instance, snapshot } from "../samples.ts";

/** Snapshots, and those of them that expire. `records` gives those of the present test, empty at its begin. */
export function snapshotRecords(records: () => Records): void {
  describe("snapshots", () => {
    beforeEach(() => records().instances.insert(instance("web", 0)));

    it("come back as they went in", () => {
      const full = snapshot("web", "golden", 5, {
        mode: "paused",
        tags: { why: "release" },
        parent: "base",
        protected: true,
        expiresAt: at(50),
        freezeMs: 1.25,
        atomicMs: 30,
        notCaptured: ["bind mount /srv"],
        verified: { ok: true, checked_at: at(40), ready_ms: 1_234, checks: [{ name: "http", ok: true }] },
      });
      records().snapshots.insert(full);
      expect(records().snapshots.get("web", "golden")).toEqual(full);
      expect(records().snapshots.get("web", "absent")).toBeUndefined();
      expect(records().snapshots.get("absent", "golden")).toBeUndefined();
    });

    it("are listed oldest first, also after one was renamed", () => {
      records().snapshots.insert(snapshot("web", "b", 2));
      records().snapshots.insert(snapshot("web", "a", 1));
      records().snapshots.insert(snapshot("web", "c", 3));
      records().snapshots.update("web", "a", { label: "z" });
      expect(
        records()
          .snapshots.of("web")
          .map(({ label }) => label),
      ).toEqual(["z", "b", "c"]);
    });

    it("have a label of their own within the instance", () => {
      records().instances.insert(instance("api", 1));
      records().snapshots.insert(snapshot("web", "golden", 1));
      records().snapshots.insert(snapshot("web", "other", 2));
      records().snapshots.insert(snapshot("api", "golden", 1));
      const taken = expect.objectContaining({ code: "already_exists" });
      expect(() => records().snapshots.insert(snapshot("web", "golden", 3))).toThrow(taken);
      expect(() => records().snapshots.update("web", "other", { label: "golden" })).toThrow(taken);
      expect(
        records()
          .snapshots.of("web")
          .map(({ label }) => label),
      ).toEqual(["golden", "other"]);
    });

    it("are read as they are, however often and whatever changed in between", () => {
      const labels = () => {
        const all = records().snapshots.of("web");
        return all.map(({ label, protected: kept }) => (kept ? `${label} kept` : label));
      };
      expect(labels()).toEqual([]);
      records().snapshots.insert(snapshot("web", "golden", 1));
      expect(labels()).toEqual(["golden"]);
      records().snapshots.update("web", "golden", { protected: true });
      expect(labels()).toEqual(["golden kept"]);
      records().snapshots.insert(snapshot("web", "other", 2));
      records().snapshots.remove("web", "golden");
      expect(labels()).toEqual(["other"]);
      records().instances.remove("web");
      expect(labels()).toEqual([]);
    });

    it("belong to an instance that is there", () => {
      expect(() => records().snapshots.insert(snapshot("absent", "golden", 1))).toThrow(
        expect.objectContaining({ code: "not_found" }),
      );
    });

    it("change only where told, and are removed once", () => {
      records().snapshots.insert(snapshot("web", "golden", 1, { expiresAt: at(9), tags: { a: "b" } }));
      records().snapshots.update("web", "golden", { protected: true, expiresAt: undefined });
      expect(records().snapshots.get("web", "golden")).toEqual(
        snapshot("web", "golden", 1, { protected: true, tags: { a: "b" } }),
      );
      records().snapshots.update("web", "absent", { protected: true });
      records().snapshots.remove("web", "golden");
      records().snapshots.remove("web", "golden");
      expect(records().snapshots.of("web")).toEqual([]);
    });
  });

  describe("snapshots that expire", () => {
    it("are found in all instances, soonest first, without those that are protected", () => {
      records().instances.insert(instance("web", 0));
      records().instances.insert(instance("api", 1));
      records().snapshots.insert(snapshot("web", "later", 1, { expiresAt: at(30) }));
      records().snapshots.insert(snapshot("web", "forever", 2));
      records().snapshots.insert(snapshot("web", "protected", 3, { expiresAt: at(10), protected: true }));
      records().snapshots.insert(snapshot("api", "sooner", 4, { expiresAt: at(20) }));
      expect(records().snapshots.expiring()).toEqual([
        snapshot("api", "sooner", 4, { expiresAt: at(20) }),
        snapshot("web", "later", 1, { expiresAt: at(30) }),
      ]);
    });
  });
}
