import { describe, expect, it } from "vitest";
import { content, type StorageFactory, type StorageSubject, say } from "./subject.ts";

const never = new AbortController().signal;

/** Parts going back. */
export function restorePromises(factory: StorageFactory): void {
  describe("a restore", () => {
    it("puts the parts it is given back, and leaves every other as it is", async () => {
      await using subject = await factory();
      const { driver } = subject;
      await twoMoments(subject);
      await driver.restore("web", "then", ["changed", "deleted"], never);
      expect(await content(subject, "web")).toEqual({ changed: "then", deleted: "then", added: "now", other: "now" });
    });

    it("takes away what was not there then", async () => {
      await using subject = await factory();
      const { driver } = subject;
      await twoMoments(subject);
      await driver.restore("web", "then", ["added", "never"], never);
      expect(await content(subject, "web")).toEqual({ changed: "now", other: "now" });
    });

    it("gives the same the second time, and the snapshot stays as it was", async () => {
      await using subject = await factory();
      const { driver } = subject;
      await twoMoments(subject);
      const paths = ["changed", "deleted", "added"];
      await driver.restore("web", "then", paths, never);
      await driver.restore("web", "then", paths, never);
      expect(await content(subject, "web")).toEqual({ changed: "then", deleted: "then", other: "now" });
      await say(subject, "web", "changed", "after");
      await driver.restore("web", "then", ["changed"], never);
      expect(await content(subject, "web")).toMatchObject({ changed: "then" });
    });

    it("keeps every snapshot, and can be taken back with one", async () => {
      await using subject = await factory();
      const { driver } = subject;
      await twoMoments(subject);
      const before = await content(subject, "web");
      await driver.snapshot("web", "before");
      const paths = ["changed", "deleted", "added"];
      await driver.restore("web", "then", paths, never);
      await driver.restore("web", "before", paths, never);
      expect(await content(subject, "web")).toEqual(before);
      expect(await driver.list()).toEqual([{ id: "web", present: true, snapshots: ["before", "then"] }]);
    });

    it("without the dataset or the snapshot, or cancelled already, changes nothing", async () => {
      await using subject = await factory();
      const { driver } = subject;
      await twoMoments(subject);
      const before = await content(subject, "web");
      const cancelled = AbortSignal.abort(new Error("enough"));
      await expect(driver.restore("web", "absent", ["changed"], never)).rejects.toMatchObject({ code: "not_found" });
      await expect(driver.restore("absent", "then", ["changed"], never)).rejects.toMatchObject({ code: "not_found" });
      await expect(driver.restore("web", "then", ["changed"], cancelled)).rejects.toThrow("enough");
      expect(await content(subject, "web")).toEqual(before);
      await subject.lose("web");
      await expect(driver.restore("web", "then", ["changed"], never)).rejects.toMatchObject({ code: "not_found" });
    });

    it.each(["", "/etc", "../two", "a/../..", "a//b", ".", "a/", "nul\0"])("refuses the path %j", async (path) => {
      await using subject = await factory();
      const { driver } = subject;
      await twoMoments(subject);
      await expect(driver.restore("web", "then", [path], never)).rejects.toMatchObject({ code: "invalid_request" });
    });
  });
}

async function twoMoments(subject: StorageSubject): Promise<void> {
  await subject.driver.create("web");
  for (const file of ["changed", "deleted", "other"]) await say(subject, "web", file, "then");
  await subject.driver.snapshot("web", "then");
  for (const file of ["changed", "other", "added"]) await say(subject, "web", file, "now");
  await subject.unlink("web", "deleted");
}
