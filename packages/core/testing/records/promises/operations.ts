import { describe, expect, it } from "vitest";
import type { OperationFilter, OperationRecord, Records } from "../../../src/records/records.ts";
import { at, operation } from "../samples.ts";

/** The journal. `records` gives those of the present test, empty at its begin. */
export function operationRecords(records: () => Records): void {
  describe("operations", () => {
    it("come back as they went in, and are replaced by the same id", () => {
      const running = operation("op-1", 1, "running", "key");
      records().operations.save(running);
      expect(records().operations.get("op-1")).toEqual(running);
      const done: OperationRecord = {
        ...running,
        status: "failed",
        ended_at: at(9),
        recovered: "undone",
        error: { error: "no room", code: "no_space", details: { free: 0 } },
        state: { dataset: "web" },
      };
      records().operations.save(done);
      expect(records().operations.get("op-1")).toEqual(done);
      expect(records().operations.recent(10)).toHaveLength(1);
      expect(records().operations.get("absent")).toBeUndefined();
    });

    it("keep a result, whatever it is", () => {
      for (const result of [{ name: "web" }, [], null, "text", 0]) {
        records().operations.save({ ...operation("op", 1, "done"), result });
        expect(records().operations.get("op")?.result).toEqual(result);
      }
    });

    it("are found by their idempotency key, which only one has", () => {
      records().operations.save(operation("op-1", 1, "done", "key"));
      records().operations.save(operation("op-2", 2, "done"));
      records().operations.save(operation("op-3", 3, "done"));
      expect(records().operations.byIdempotencyKey("key")?.id).toBe("op-1");
      expect(records().operations.byIdempotencyKey("other")).toBeUndefined();
      expect(() => records().operations.save(operation("op-2", 2, "done", "key"))).toThrow(
        expect.objectContaining({ code: "already_exists" }),
      );
    });

    it("are listed newest first, the unfinished oldest first", () => {
      records().operations.save(operation("b", 2, "running"));
      records().operations.save(operation("a", 1, "undoing"));
      records().operations.save(operation("c", 3, "done"));
      records().operations.save(operation("d", 3, "failed"));
      records().operations.save(operation("b", 2, "running"));
      expect(
        records()
          .operations.recent(3)
          .map(({ id }) => id),
      ).toEqual(["d", "c", "b"]);
      expect(
        records()
          .operations.unfinished()
          .map(({ id }) => id),
      ).toEqual(["a", "b"]);
    });

    it("are forgotten by the order they came in: a clock that is set back makes none older", () => {
      for (const [index, second] of [8, 9, 1, 2].entries())
        records().operations.save(operation(`op-${index}`, second, "done"));
      records().operations.save(operation("op-0", 8, "done"));
      records().operations.prune(2);
      expect(records().operations.get("op-3")).toBeDefined();
      expect(records().operations.get("op-2")).toBeDefined();
      expect(records().operations.get("op-1")).toBeUndefined();
      expect(records().operations.get("op-0")).toBeUndefined();
    });

    it("are listed a page at a time, of one instance, or from a time on", () => {
      for (const second of [1, 2, 3, 4]) {
        records().operations.save({
          ...operation(`op-${second}`, second, "done"),
          instance: second % 2 ? "web" : "db",
        });
      }
      records().operations.save(operation("op-5", 4, "done"));
      const listed = (limit: number, which: OperationFilter) =>
        records()
          .operations.recent(limit, which)
          .map(({ id }) => id);
      expect(listed(2, {})).toEqual(["op-5", "op-4"]);
      expect(listed(2, { before: "op-5" })).toEqual(["op-4", "op-3"]);
      expect(listed(9, { before: "op-4" })).toEqual(["op-3", "op-2", "op-1"]);
      expect(listed(9, { before: "op-1" })).toEqual([]);
      expect(listed(9, { before: "absent" })).toEqual([]);
      expect(listed(9, { instance: "db" })).toEqual(["op-4", "op-2"]);
      expect(listed(9, { instance: "web", since: at(3) })).toEqual(["op-5", "op-3"]);
      expect(listed(1, { instance: "web", before: "op-5" })).toEqual(["op-3"]);
      expect(listed(9, { instance: "absent" })).toEqual([]);
    });

    it("are forgotten beyond the newest, never those unfinished", () => {
      records().operations.save(operation("old-running", 1, "running"));
      for (const second of [2, 3, 4, 5])
        records().operations.save(operation(`op-${second}`, second, "done", `k${second}`));
      records().operations.prune(2);
      expect(
        records()
          .operations.recent(10)
          .map(({ id }) => id),
      ).toEqual(["op-5", "op-4", "old-running"]);
      expect(records().operations.byIdempotencyKey("k2")).toBeUndefined();
      records().operations.prune(0);
      expect(
        records()
          .operations.recent(10)
          .map(({ id }) => id),
      ).toEqual(["old-running"]);
    });
  });
}
