import { describe, expect, it, type TestContext } from "vitest";
import { type BoundsSpace, boundsSpace } from "../../src/storage/driver.ts";
import { fill, MiB } from "./fill.ts";
import type { StorageFactory, StorageSubject } from "./subject.ts";

/** The subject's driver as one with quotas; where the machine has none, that is told and the test is left out. */
async function bounded({ driver }: StorageSubject, context: TestContext): Promise<BoundsSpace> {
  if (!boundsSpace(driver)) return context.skip("this driver has no quotas");
  const support = await driver.quotaSupport();
  if (!support.usable) return context.skip(support.reason);
  expect(driver.info.capabilities.quota).toBe(true);
  return driver;
}

/** With a dataset `web` that may hold so many MiB. */
async function boundedWeb(subject: StorageSubject, context: TestContext, mebibytes: number): Promise<BoundsSpace> {
  const quotas = await bounded(subject, context);
  await subject.driver.create("web");
  await quotas.setQuota("web", mebibytes * MiB);
  return quotas;
}

/** In MiB: what a driver needs besides for its own account is far less than half of one. */
async function charged(quotas: BoundsSpace, id: string): Promise<number> {
  return Math.round(((await quotas.charge(id)) ?? Number.NaN) / MiB);
}

/** What bounds a dataset. */
export function quotaPromises(factory: StorageFactory): void {
  describe("the quota of a dataset", () => {
    it("bounds what is written into it, and into nothing else", async (context) => {
      await using subject = await factory();
      const quotas = await bounded(subject, context);
      for (const id of ["web", "two"]) await subject.driver.create(id);
      await quotas.setQuota("web", 16 * MiB);
      await quotas.setQuota("web", 16 * MiB);
      await fill(subject, "web", "a", 10);
      await expect(fill(subject, "web", "b", 10)).rejects.toThrow();
      expect(await subject.read("web", "b")).toBeUndefined();
      expect((await subject.read("web", "a"))?.length).toBe(10 * MiB);
      // A snapshot brings the account to what is on disk.
      await subject.driver.snapshot("web", "s1");
      expect(await charged(quotas, "web")).toBe(10);

      await fill(subject, "two", "a", 20);
      await fill(subject, "web", "c", 4);
    });

    it("needs a dataset", async (context) => {
      await using subject = await factory();
      const quotas = await bounded(subject, context);
      await expect(quotas.setQuota("absent", 16 * MiB)).rejects.toMatchObject({ code: "not_found" });
      await expect(quotas.setQuota("absent", undefined)).rejects.toMatchObject({ code: "not_found" });
    });

    it("leaves room for what is deleted", async (context) => {
      await using subject = await factory();
      const quotas = await boundedWeb(subject, context, 16);
      await fill(subject, "web", "a", 14);
      await subject.unlink("web", "a");
      await subject.driver.snapshot("web", "s1");
      await fill(subject, "web", "b", 14);
      expect(await charged(quotas, "web")).toBe(14);
    });

    it("counts what a snapshot holds, until that is removed", async (context) => {
      await using subject = await factory();
      const quotas = await boundedWeb(subject, context, 16);
      const { driver } = subject;
      await fill(subject, "web", "a", 7);
      await driver.snapshot("web", "s1");
      await fill(subject, "web", "a", 7);
      await expect(fill(subject, "web", "a", 7)).rejects.toThrow();
      await driver.snapshot("web", "s2");
      expect(await charged(quotas, "web")).toBe(14);

      await driver.removeSnapshot("web", "s1");
      expect(await charged(quotas, "web")).toBe(7);
      await fill(subject, "web", "b", 7);
    });

    it("changes in use: a larger one lets more be written, one below what is held takes nothing away", async (context) => {
      await using subject = await factory();
      const quotas = await boundedWeb(subject, context, 8);
      await expect(fill(subject, "web", "a", 12)).rejects.toThrow();
      await quotas.setQuota("web", 16 * MiB);
      await fill(subject, "web", "a", 12);

      await quotas.setQuota("web", 4 * MiB);
      expect((await subject.read("web", "a"))?.length).toBe(12 * MiB);
      await expect(fill(subject, "web", "b", 1)).rejects.toThrow();
      await quotas.setQuota("web", undefined);
      await fill(subject, "web", "b", 20);
    });

    it("stays across a revert, which gives all of it anew", async (context) => {
      await using subject = await factory();
      const quotas = await boundedWeb(subject, context, 16);
      const { driver } = subject;
      await fill(subject, "web", "a", 10);
      await driver.snapshot("web", "s1");
      await expect(fill(subject, "web", "b", 10)).rejects.toThrow();
      await driver.snapshot("web", "kept");

      await driver.revert("web", "s1");
      expect(await charged(quotas, "web")).toBe(0);
      await fill(subject, "web", "b", 10);
      await expect(fill(subject, "web", "c", 10)).rejects.toThrow();
      expect((await subject.read("web", "a"))?.length).toBe(10 * MiB);
      await driver.revert("web", "s1");
      await driver.revert("web", "kept");
      await fill(subject, "web", "c", 14);
      expect(await charged(quotas, "web")).toBe(14);
    });

    it("goes along when the dataset gets another name", async (context) => {
      await using subject = await factory();
      const quotas = await boundedWeb(subject, context, 16);
      const { driver } = subject;
      await fill(subject, "web", "a", 10);
      await driver.rename("web", "two");
      await driver.rename("web", "two");
      await expect(fill(subject, "two", "b", 10)).rejects.toThrow();
      await driver.create("web");
      await fill(subject, "web", "a", 20);
      await driver.snapshot("two", "s1");
      expect(await charged(quotas, "two")).toBe(10);
    });

    it("is not a clone's, nor is what the clone began with charged to it", async (context) => {
      await using subject = await factory();
      const quotas = await boundedWeb(subject, context, 16);
      const { driver } = subject;
      await fill(subject, "web", "a", 10);
      await driver.snapshot("web", "s1");
      await driver.clone("web", "s1", "two");
      await fill(subject, "two", "b", 20);
      expect(await charged(quotas, "two")).toBe(20);
      expect(await charged(quotas, "web")).toBe(10);
      await quotas.setQuota("two", 24 * MiB);
      await expect(fill(subject, "two", "c", 10)).rejects.toThrow();
      await fill(subject, "web", "c", 4);
    });

    it("goes with its dataset, also with one that has reached it", async (context) => {
      await using subject = await factory();
      const quotas = await boundedWeb(subject, context, 8);
      const { driver } = subject;
      await fill(subject, "web", "a", 6);
      await driver.snapshot("web", "s1");
      await driver.clone("web", "s1", "two");
      await expect(fill(subject, "web", "b", 6)).rejects.toThrow();
      await driver.remove("web");
      expect(await driver.list()).toEqual([{ id: "two", present: true, snapshots: [] }]);

      await driver.create("web");
      await fill(subject, "web", "a", 20);
      expect(await charged(quotas, "web")).toBe(20);
      expect((await subject.read("two", "a"))?.length).toBe(6 * MiB);
    });

    it("can be set on a dataset that was there before the pool had any", async (context) => {
      await using subject = await factory();
      const quotas = await bounded(subject, context);
      const { driver } = subject;
      await driver.create("old");
      await fill(subject, "old", "a", 10);
      await driver.create("first");
      await quotas.setQuota("first", 16 * MiB);
      await quotas.setQuota("old", 16 * MiB);
      await expect(fill(subject, "old", "b", 20)).rejects.toThrow();
      await fill(subject, "old", "b", 4);
    });
  });
}
