import { describe, expect, it } from "vitest";
import { content, type StorageFactory, type StorageSubject, say } from "./subject.ts";

/** Taking and removing snapshots. */
export function snapshotPromises(factory: StorageFactory): void {
  describe("a snapshot", () => {
    it.each(["s", "0", "v1.2", "a.old", "a.new", "a..b", "UPPER_lower-1.", "x".repeat(64)])(
      "may be called %s",
      async (label) => {
        await using subject = await factory();
        const { driver } = subject;
        await driver.create("web");
        await say(subject, "web", "file", "then");
        await driver.snapshot("web", label);
        await say(subject, "web", "file", "now");
        expect(await driver.list()).toEqual([{ id: "web", present: true, snapshots: [label] }]);
        await driver.revert("web", label);
        expect(await content(subject, "web")).toEqual({ file: "then" });
        await driver.removeSnapshot("web", label);
        expect(await driver.list()).toEqual([{ id: "web", present: true, snapshots: [] }]);
      },
    );

    it("needs a dataset", async () => {
      await using subject = await factory();
      await expect(subject.driver.snapshot("web", "s1")).rejects.toMatchObject({ code: "not_found" });
      expect(await subject.driver.list()).toEqual([]);
    });

    it("needs its dataset's tree, not only older snapshots", async () => {
      await using subject = await factory();
      await subject.driver.create("web");
      await subject.driver.snapshot("web", "s1");
      await subject.lose("web");
      await expect(subject.driver.snapshot("web", "s2")).rejects.toMatchObject({ code: "not_found" });
    });

    it("never takes the place of another with its label", async () => {
      await using subject = await factory();
      const { driver } = subject;
      await driver.create("web");
      await say(subject, "web", "file", "then");
      await driver.snapshot("web", "s1");
      await say(subject, "web", "file", "now");

      await expect(driver.snapshot("web", "s1")).rejects.toMatchObject({ code: "already_exists" });

      await driver.revert("web", "s1");
      expect(await content(subject, "web")).toEqual({ file: "then" });
    });

    it("keeps one moment of files that are written all the time", async () => {
      await using subject = await factory();
      const { driver } = subject;
      await driver.create("web");
      await using _writer = writeInTurn(subject, "web");
      for (const label of ["s1", "s2", "s3", "s4", "s5"]) {
        await driver.snapshot("web", label);
        await driver.clone("web", label, "seen");
        const { first = "0", second = "0" } = await content(subject, "seen");
        expect([0, 1]).toContain(Number(first) - Number(second));
        await driver.remove("seen");
      }
    });

    it("is the same under another label, and its old one is free", async () => {
      await using subject = await factory();
      const { driver } = subject;
      await driver.create("web");
      await say(subject, "web", "file", "then");
      await driver.snapshot("web", "s1");
      await driver.clone("web", "s1", "two");
      await say(subject, "web", "file", "now");

      await driver.renameSnapshot("web", "s1", "golden");

      expect(await driver.list()).toEqual([
        { id: "two", present: true, snapshots: [] },
        { id: "web", present: true, snapshots: ["golden"] },
      ]);
      expect(await content(subject, "two")).toEqual({ file: "then" });
      await driver.snapshot("web", "s1");
      await driver.revert("web", "golden");
      expect(await content(subject, "web")).toEqual({ file: "then" });
      await driver.revert("web", "s1");
      expect(await content(subject, "web")).toEqual({ file: "now" });
    });

    it("is renamed again without a complaint", async () => {
      await using subject = await factory();
      const { driver } = subject;
      await driver.create("web");
      await driver.snapshot("web", "s1");
      await driver.renameSnapshot("web", "s1", "golden");
      await driver.renameSnapshot("web", "s1", "golden");
      await driver.renameSnapshot("web", "golden", "s1");
      expect(await driver.list()).toEqual([{ id: "web", present: true, snapshots: ["s1"] }]);
    });

    it("never takes the label of another, and must be there", async () => {
      await using subject = await factory();
      const { driver } = subject;
      await driver.create("web");
      await driver.create("other");
      await say(subject, "web", "file", "first");
      await driver.snapshot("web", "s1");
      await say(subject, "web", "file", "second");
      await driver.snapshot("web", "s2");

      await expect(driver.renameSnapshot("web", "s1", "s2")).rejects.toMatchObject({ code: "already_exists" });
      await expect(driver.renameSnapshot("web", "s3", "s4")).rejects.toMatchObject({ code: "not_found" });
      await expect(driver.renameSnapshot("other", "s1", "s3")).rejects.toMatchObject({ code: "not_found" });
      await expect(driver.renameSnapshot("absent", "s1", "s3")).rejects.toMatchObject({ code: "not_found" });

      await driver.revert("web", "s2");
      expect(await content(subject, "web")).toEqual({ file: "second" });
      await driver.revert("web", "s1");
      expect(await content(subject, "web")).toEqual({ file: "first" });
    });

    it("is removed without touching the dataset, other snapshots or clones of it", async () => {
      await using subject = await factory();
      const { driver } = subject;
      await driver.create("web");
      for (const moment of ["s1", "s2", "s3"]) {
        await say(subject, "web", "file", moment);
        await driver.snapshot("web", moment);
      }
      await driver.clone("web", "s2", "two");

      await driver.removeSnapshot("web", "s2");

      expect(await content(subject, "two")).toEqual({ file: "s2" });
      expect(await content(subject, "web")).toEqual({ file: "s3" });
      await driver.revert("web", "s1");
      expect(await content(subject, "web")).toEqual({ file: "s1" });
      await driver.revert("web", "s3");
      expect(await content(subject, "web")).toEqual({ file: "s3" });
      await expect(driver.revert("web", "s2")).rejects.toMatchObject({ code: "not_found" });
    });

    it("is removed again without a complaint, as is one that never was", async () => {
      await using subject = await factory();
      const { driver } = subject;
      await driver.create("web");
      await driver.snapshot("web", "s1");
      await driver.removeSnapshot("web", "s1");
      await driver.removeSnapshot("web", "s1");
      await driver.removeSnapshot("web", "never");
      await driver.removeSnapshot("absent", "s1");
      expect(await driver.list()).toEqual([{ id: "web", present: true, snapshots: [] }]);
    });

    it("frees its label when it is removed", async () => {
      await using subject = await factory();
      const { driver } = subject;
      await driver.create("web");
      await driver.snapshot("web", "s1");
      await driver.removeSnapshot("web", "s1");
      await say(subject, "web", "file", "new");
      await driver.snapshot("web", "s1");
      await say(subject, "web", "file", "newer");
      await driver.revert("web", "s1");
      expect(await content(subject, "web")).toEqual({ file: "new" });
    });
  });

  describe("settling", () => {
    it("changes no byte", async () => {
      await using subject = await factory();
      await subject.driver.create("web");
      await say(subject, "web", "file", "kept");
      await subject.driver.settle("web", AbortSignal.timeout(30_000));
      expect(await content(subject, "web")).toEqual({ file: "kept" });
    });

    it("does not fail for being late", async () => {
      await using subject = await factory();
      await subject.driver.create("web");
      await subject.driver.settle("web", AbortSignal.abort());
    });
  });
}

/** Two files that count up in turn, `first` always ahead by one or level, until disposed. */
function writeInTurn(subject: StorageSubject, id: string): AsyncDisposable {
  let stop = false;
  const work = (async () => {
    for (let count = 1; !stop; count += 1) {
      await say(subject, id, "first", String(count));
      await say(subject, id, "second", String(count));
    }
  })();
  return {
    async [Symbol.asyncDispose]() {
      stop = true;
      await work;
    },
  };
}
