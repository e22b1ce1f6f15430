import { describe, expect, it } from "vitest";
import { content, type StorageFactory, type StorageSubject, say } from "./subject.ts";

/** Going back. */
export function revertPromises(factory: StorageFactory): void {
  describe("a revert", () => {
    it("brings back what was changed, added and deleted", async () => {
      await using subject = await factory();
      const { driver } = subject;
      await driver.create("web");
      await say(subject, "web", "changed", "then");
      await say(subject, "web", "deleted", "then");
      await driver.snapshot("web", "s1");
      await say(subject, "web", "changed", "now");
      await say(subject, "web", "added", "now");
      await subject.unlink("web", "deleted");

      await driver.revert("web", "s1");

      expect(await content(subject, "web")).toEqual({ changed: "then", deleted: "then" });
    });

    it("keeps every other snapshot, older and newer", async () => {
      await using subject = await factory();
      const { driver } = subject;
      await threeMoments(subject);

      await driver.revert("web", "s2");

      expect(await driver.list()).toEqual([{ id: "web", present: true, snapshots: ["s1", "s2", "s3"] }]);
      expect(await content(subject, "web")).toEqual({ file: "s2" });
      await driver.revert("web", "s3");
      expect(await content(subject, "web")).toEqual({ file: "s3" });
      await driver.revert("web", "s1");
      expect(await content(subject, "web")).toEqual({ file: "s1" });
    });

    it("gives the same the second time, and the snapshot stays as it was", async () => {
      await using subject = await factory();
      const { driver } = subject;
      await threeMoments(subject);
      await driver.revert("web", "s1");
      await driver.revert("web", "s1");
      expect(await content(subject, "web")).toEqual({ file: "s1" });
      await say(subject, "web", "file", "after");
      await driver.revert("web", "s1");
      expect(await content(subject, "web")).toEqual({ file: "s1" });
    });

    it("leaves a dataset that can be written and kept again", async () => {
      await using subject = await factory();
      const { driver } = subject;
      await threeMoments(subject);
      await driver.revert("web", "s1");
      await say(subject, "web", "file", "branch");
      await driver.snapshot("web", "branch");
      await driver.revert("web", "s3");
      await driver.revert("web", "branch");
      expect(await content(subject, "web")).toEqual({ file: "branch" });
    });

    it("to an unknown label changes nothing", async () => {
      await using subject = await factory();
      const { driver } = subject;
      await threeMoments(subject);
      await say(subject, "web", "file", "now");

      await expect(driver.revert("web", "s4")).rejects.toMatchObject({ code: "not_found" });
      await expect(driver.revert("absent", "s1")).rejects.toMatchObject({ code: "not_found" });

      expect(await content(subject, "web")).toEqual({ file: "now" });
      expect(await driver.list()).toEqual([{ id: "web", present: true, snapshots: ["s1", "s2", "s3"] }]);
    });

    it("makes a lost dataset anew", async () => {
      await using subject = await factory();
      const { driver } = subject;
      await threeMoments(subject);
      await subject.lose("web");

      await driver.revert("web", "s2");

      expect(await content(subject, "web")).toEqual({ file: "s2" });
      expect(await driver.list()).toEqual([{ id: "web", present: true, snapshots: ["s1", "s2", "s3"] }]);
    });

    it("leaves clones alone", async () => {
      await using subject = await factory();
      const { driver } = subject;
      await threeMoments(subject);
      await driver.clone("web", "s3", "two");
      await driver.revert("web", "s1");
      expect(await content(subject, "two")).toEqual({ file: "s3" });
    });
  });
}

async function threeMoments(subject: StorageSubject): Promise<void> {
  await subject.driver.create("web");
  for (const moment of ["s1", "s2", "s3"]) {
    await say(subject, "web", "file", moment);
    await subject.driver.snapshot("web", moment);
  }
}
