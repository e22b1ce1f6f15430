import { beforeEach, describe, expect, it } from "vitest";
import type { Records } from "../../../src/records/records.ts";
import { instance, revert } from "../samples.ts";

/** Reverts that are remembered. `records` gives those of the present test, empty at its begin. */
export function revertRecords(records: () => Records): void {
  describe("reverts", () => {
    beforeEach(() => records().instances.insert(instance("web", 0)));

    it("come back as they went in, oldest first, each instance's by itself", () => {
      records().instances.insert(instance("api", 1));
      const undone = revert("web", 2, { from: undefined, redoAs: "redo-2", lost: true });
      records().reverts.save(undone);
      const ofParts = revert("web", 10, { parts: { names: ["volume:data", "container:web"], ran: ["web"] } });
      records().reverts.save(ofParts);
      records().reverts.save(revert("web", 1));
      records().reverts.save(revert("api", 1));
      expect(records().reverts.of("web")).toEqual([revert("web", 1), undone, ofParts]);
      expect(records().reverts.of("api")).toEqual([revert("api", 1)]);
      expect(records().reverts.of("absent")).toEqual([]);
    });

    it("are replaced by the same place, and removed once", () => {
      records().reverts.save(revert("web", 1));
      records().reverts.save(revert("web", 1, { redoAs: "redo-1" }));
      expect(records().reverts.of("web")).toEqual([revert("web", 1, { redoAs: "redo-1" })]);
      records().reverts.remove("web", 1);
      records().reverts.remove("web", 1);
      expect(records().reverts.of("web")).toEqual([]);
    });

    it("follow a snapshot that gets a new label, wherever they name it", () => {
      records().instances.insert(instance("api", 1));
      records().reverts.save(revert("web", 1, { from: "x", to: "y", keptAs: "z", redoAs: "x" }));
      records().reverts.save(revert("web", 2, { from: undefined, to: "x", keptAs: "x" }));
      records().reverts.save(revert("api", 1, { from: "x", to: "x", keptAs: "x", redoAs: "x" }));
      records().reverts.relabel("web", "x", "new");
      expect(records().reverts.of("web")).toEqual([
        revert("web", 1, { from: "new", to: "y", keptAs: "z", redoAs: "new" }),
        revert("web", 2, { from: undefined, to: "new", keptAs: "new" }),
      ]);
      expect(records().reverts.of("api")[0]).toMatchObject({ from: "x", to: "x", keptAs: "x", redoAs: "x" });
    });

    it("belong to an instance that is there, and go with it", () => {
      expect(() => records().reverts.save(revert("absent", 1))).toThrow(expect.objectContaining({ code: "not_found" }));
      records().reverts.save(revert("web", 1));
      records().instances.remove("web");
      records().instances.insert(instance("web", 0));
      expect(records().reverts.of("web")).toEqual([]);
    });

    it("stay as they were when the work around them fails", () => {
      records().reverts.save(revert("web", 1));
      expect(() =>
        records().transaction(() => {
          records().reverts.save(revert("web", 2));
          records().reverts.relabel("web", "golden", "new");
          records().reverts.remove("web", 1);
          throw new Error("no");
        }),
      ).toThrow("no");
      expect(records().reverts.of("web")).toEqual([revert("web", 1)]);
    });
  });
}
