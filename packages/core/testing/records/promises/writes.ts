import { describe, expect, it } from "vitest";
import type { Records } from "../../../src/records/records.ts";
import { instance, operation, snapshot, tcp } from "../samples.ts";

/** When writes are there, and together. `records` gives those of the present test, empty at its begin. */
export function recordWrites(records: () => Records): void {
  describe("what is written lazily", () => {
    it("is there at once, and its work's result comes back", () => {
      expect(
        records().lazily(() => {
          records().instances.insert(instance("web", 0));
          return records().lazily(() => "done");
        }),
      ).toBe("done");
      expect(records().instances.all()).toEqual([instance("web", 0)]);
    });

    it("falls with the transaction it is in", () => {
      const failing = () =>
        records().transaction(() => {
          records().lazily(() => records().instances.insert(instance("web", 0)));
          throw new Error("no");
        });
      expect(failing).toThrow("no");
      expect(records().instances.all()).toEqual([]);
    });

    it("cannot wait for anything", () => {
      expect(() => records().lazily(async () => undefined)).toThrow(expect.objectContaining({ code: "internal" }));
      records().transaction(() => records().instances.insert(instance("web", 0)));
      expect(records().instances.all()).toHaveLength(1);
    });
  });

  describe("a transaction", () => {
    it("gives back what its work gave, with everything written", () => {
      const result = records().transaction(() => {
        records().instances.insert(instance("web", 0));
        records().snapshots.insert(snapshot("web", "golden", 1));
        return "done";
      });
      expect(result).toBe("done");
      expect(records().snapshots.of("web")).toHaveLength(1);
    });

    it("writes nothing when its work fails", () => {
      records().instances.insert(instance("kept", 9));
      records().ports.reserve(tcp("kept", 80, 8080));
      const failing = () =>
        records().transaction(() => {
          records().instances.insert(instance("web", 0));
          records().snapshots.insert(snapshot("web", "golden", 1));
          records().instances.update("kept", { desired: "stopped" });
          records().ports.release("kept", "tcp", 80);
          records().operations.save(operation("op", 1, "running"));
          throw new Error("no");
        });
      expect(failing).toThrow("no");
      expect(records().instances.all()).toEqual([instance("kept", 9)]);
      expect(records().snapshots.of("web")).toEqual([]);
      expect(records().ports.all()).toEqual([tcp("kept", 80, 8080)]);
      expect(records().operations.recent(1)).toEqual([]);
    });

    it("inside another falls alone, and falls with the outer one", () => {
      records().transaction(() => {
        records().instances.insert(instance("outer", 0));
        expect(() =>
          records().transaction(() => {
            records().instances.insert(instance("inner", 1));
            throw new Error("inner");
          }),
        ).toThrow("inner");
      });
      expect(
        records()
          .instances.all()
          .map(({ name }) => name),
      ).toEqual(["outer"]);
      expect(() =>
        records().transaction(() => {
          records().transaction(() => records().instances.insert(instance("inner", 1)));
          throw new Error("outer");
        }),
      ).toThrow("outer");
      expect(
        records()
          .instances.all()
          .map(({ name }) => name),
      ).toEqual(["outer"]);
    });

    it("shows its own writes while it lasts, and none of them once they were taken back", () => {
      records().instances.insert(instance("web", 0));
      const count = () => records().snapshots.of("web").length;
      const seen: number[] = [];
      const failing = () =>
        records().transaction(() => {
          records().snapshots.insert(snapshot("web", "golden", 1));
          seen.push(count());
          throw new Error("no");
        });
      expect(failing).toThrow("no");
      expect(() => records().transaction(failing)).toThrow("no");
      records().transaction(() => {
        expect(failing).toThrow("no");
        seen.push(count());
      });
      expect(seen).toEqual([1, 1, 1, 0]);
      expect(count()).toBe(0);
    });

    it("refuses work that waits, and writes nothing of it", () => {
      const waiting = () => records().transaction(async () => records().instances.insert(instance("web", 0)));
      expect(waiting).toThrow(expect.objectContaining({ code: "internal" }));
      expect(records().instances.all()).toEqual([]);
    });

    it("goes on working after a refusal inside it was handled", () => {
      records().transaction(() => {
        records().instances.insert(instance("web", 0));
        expect(() => records().instances.insert(instance("web", 1))).toThrow();
        records().instances.insert(instance("api", 1));
      });
      expect(records().instances.all()).toHaveLength(2);
    });
  });
}
