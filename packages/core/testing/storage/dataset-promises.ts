import { describe, expect, it } from "vitest";
import { content, type StorageFactory, say } from "./subject.ts";

/** Creating, cloning and removing. */
export function datasetPromises(factory: StorageFactory): void {
  describe("a new dataset", () => {
    it("is empty", async () => {
      await using subject = await factory();
      await subject.driver.create("web");
      expect(await content(subject, "web")).toEqual({});
    });

    it("never takes the place of one that is there", async () => {
      await using subject = await factory();
      await subject.driver.create("web");
      await say(subject, "web", "file", "kept");

      await expect(subject.driver.create("web")).rejects.toMatchObject({ code: "already_exists" });

      expect(await content(subject, "web")).toEqual({ file: "kept" });
    });

    it("never inherits the snapshots of a lost one", async () => {
      await using subject = await factory();
      const { driver } = subject;
      await driver.create("web");
      await driver.create("other");
      await driver.snapshot("web", "s1");
      await driver.snapshot("other", "s1");
      await subject.lose("web");

      expect([await driver.hasDataset("web"), await driver.hasSnapshot("web", "s1")]).toEqual([true, true]);
      await expect(driver.create("web")).rejects.toMatchObject({ code: "already_exists" });
      await expect(driver.clone("other", "s1", "web")).rejects.toMatchObject({ code: "already_exists" });

      await driver.remove("web");
      expect([await driver.hasDataset("web"), await driver.hasSnapshot("web", "s1")]).toEqual([false, false]);
      await driver.create("web");
      expect((await driver.list()).find(({ id }) => id === "web")).toMatchObject({ present: true, snapshots: [] });
    });
  });

  describe("a clone", () => {
    it("begins as its source was at that moment", async () => {
      await using subject = await factory();
      const { driver } = subject;
      await driver.create("web");
      await say(subject, "web", "file", "then");
      await say(subject, "web", "bytes", "\0\u00ff\n");
      await driver.snapshot("web", "s1");
      await say(subject, "web", "file", "now");
      await say(subject, "web", "later", "new");

      await driver.clone("web", "s1", "two");

      expect(await content(subject, "two")).toEqual({ bytes: "\0\u00ff\n", file: "then" });
    });

    it("and its source change without each other, and leave the snapshot as it was", async () => {
      await using subject = await factory();
      const { driver } = subject;
      await driver.create("web");
      await say(subject, "web", "file", "then");
      await driver.snapshot("web", "s1");
      await driver.clone("web", "s1", "two");

      await say(subject, "two", "file", "two's");
      await say(subject, "web", "file", "web's");
      await driver.clone("web", "s1", "three");

      expect(await content(subject, "two")).toEqual({ file: "two's" });
      expect(await content(subject, "web")).toEqual({ file: "web's" });
      expect(await content(subject, "three")).toEqual({ file: "then" });
    });

    it("has snapshots of its own, and none of its source's", async () => {
      await using subject = await factory();
      const { driver } = subject;
      await driver.create("web");
      await driver.snapshot("web", "s1");
      await driver.clone("web", "s1", "two");
      await driver.snapshot("two", "s1");

      await expect(driver.revert("two", "s2")).rejects.toMatchObject({ code: "not_found" });
      await driver.removeSnapshot("two", "s1");

      expect(await driver.list()).toEqual([
        { id: "two", present: true, snapshots: [] },
        { id: "web", present: true, snapshots: ["s1"] },
      ]);
    });

    it("stays whole when its source and the snapshot are removed", async () => {
      await using subject = await factory();
      const { driver } = subject;
      await driver.create("web");
      await say(subject, "web", "file", "then");
      await driver.snapshot("web", "s1");
      await driver.clone("web", "s1", "two");
      await driver.removeSnapshot("web", "s1");
      await driver.remove("web");

      expect(await content(subject, "two")).toEqual({ file: "then" });
      await driver.snapshot("two", "s1");
      await say(subject, "two", "file", "now");
      await driver.revert("two", "s1");
      expect(await content(subject, "two")).toEqual({ file: "then" });
      expect(await driver.list()).toEqual([{ id: "two", present: true, snapshots: ["s1"] }]);
    });

    it("can be cloned again", async () => {
      await using subject = await factory();
      const { driver } = subject;
      await driver.create("web");
      await say(subject, "web", "file", "one");
      await driver.snapshot("web", "s1");
      await driver.clone("web", "s1", "two");
      await driver.snapshot("two", "s1");
      await driver.clone("two", "s1", "three");
      await driver.remove("two");
      await driver.remove("web");
      expect(await content(subject, "three")).toEqual({ file: "one" });
    });

    it("needs a source, a snapshot of it and a free name", async () => {
      await using subject = await factory();
      const { driver } = subject;
      await driver.create("web");
      await driver.create("taken");
      await say(subject, "taken", "file", "kept");
      await driver.snapshot("web", "s1");

      await expect(driver.clone("absent", "s1", "two")).rejects.toMatchObject({ code: "not_found" });
      await expect(driver.clone("web", "s2", "two")).rejects.toMatchObject({ code: "not_found" });
      await expect(driver.clone("web", "s1", "taken")).rejects.toMatchObject({ code: "already_exists" });
      await expect(driver.clone("web", "s1", "web")).rejects.toMatchObject({ code: "already_exists" });

      expect(await content(subject, "taken")).toEqual({ file: "kept" });
      expect((await driver.list()).map(({ id }) => id).sort()).toEqual(["taken", "web"]);
    });
  });

  describe("a renamed dataset", () => {
    it("has its files and its snapshots under the new name, and none under the old", async () => {
      await using subject = await factory();
      const { driver } = subject;
      await driver.create("waiting");
      await say(subject, "waiting", "file", "then");
      await driver.snapshot("waiting", "s1");
      await say(subject, "waiting", "file", "now");

      await driver.rename("waiting", "web");
      await driver.rename("waiting", "web");

      expect(await content(subject, "web")).toEqual({ file: "now" });
      expect(await driver.list()).toEqual([{ id: "web", present: true, snapshots: ["s1"] }]);
      await driver.revert("web", "s1");
      expect(await content(subject, "web")).toEqual({ file: "then" });
      await driver.create("waiting");
      expect(await content(subject, "waiting")).toEqual({});
    });

    it("never takes the place of another, nor comes from nothing", async () => {
      await using subject = await factory();
      const { driver } = subject;
      await driver.create("web");
      await say(subject, "web", "file", "kept");
      await driver.create("other");

      await expect(driver.rename("other", "web")).rejects.toMatchObject({ code: "already_exists" });
      await expect(driver.rename("never", "two")).rejects.toMatchObject({ code: "not_found" });

      expect(await content(subject, "web")).toEqual({ file: "kept" });
      expect(await content(subject, "other")).toEqual({});
    });

    it("stays whole when what it was cloned from is removed", async () => {
      await using subject = await factory();
      const { driver } = subject;
      await driver.create("web");
      await say(subject, "web", "file", "then");
      await driver.snapshot("web", "s1");
      await driver.clone("web", "s1", "waiting");
      await driver.rename("waiting", "two");
      await driver.remove("web");
      expect(await content(subject, "two")).toEqual({ file: "then" });
    });
  });

  describe("a removed dataset", () => {
    it("is gone with its snapshots, and its name is free", async () => {
      await using subject = await factory();
      const { driver } = subject;
      await driver.create("web");
      await say(subject, "web", "file", "old");
      await driver.snapshot("web", "s1");
      await driver.snapshot("web", "s2");

      await driver.remove("web");

      expect(await driver.list()).toEqual([]);
      await driver.create("web");
      expect(await content(subject, "web")).toEqual({});
      await driver.snapshot("web", "s1");
    });

    it("is removed again without a complaint, as is one that never was", async () => {
      await using subject = await factory();
      await subject.driver.create("web");
      await subject.driver.remove("web");
      await subject.driver.remove("web");
      await subject.driver.remove("never");
      expect(await subject.driver.list()).toEqual([]);
    });

    it("leaves its neighbours alone", async () => {
      await using subject = await factory();
      const { driver } = subject;
      await driver.create("web");
      await driver.create("web-2");
      await say(subject, "web-2", "file", "kept");
      await driver.snapshot("web-2", "s1");
      await driver.remove("web");
      expect(await content(subject, "web-2")).toEqual({ file: "kept" });
      expect(await driver.list()).toEqual([{ id: "web-2", present: true, snapshots: ["s1"] }]);
    });

    it("is removed when only its snapshots are left", async () => {
      await using subject = await factory();
      await subject.driver.create("web");
      await subject.driver.snapshot("web", "s1");
      await subject.lose("web");
      await subject.driver.remove("web");
      expect(await subject.driver.list()).toEqual([]);
    });
  });
}
