import { describe, expect, it } from "vitest";
import type { StorageDriver } from "../../src/storage/driver.ts";
import { content, type StorageFactory, say } from "./subject.ts";

const hostileIds = [
  "",
  ".",
  "..",
  "../web",
  "a/b",
  "/etc",
  "-rf",
  "Web",
  "a.old",
  "a b",
  "a\0b",
  "a\n",
  "a".repeat(33),
];
const hostileLabels = ["", ".", "..", "../s", "a/b", "/etc", "-r", ".hidden", "a b", "a\0b", "a\n", "a".repeat(65)];

const refused = { code: "invalid_request" };

/** What holds for the pool as a whole. */
export function poolPromises(factory: StorageFactory): void {
  describe("the pool", () => {
    it("is opened twice without a change", async () => {
      await using subject = await factory();
      await subject.driver.create("web");
      await say(subject, "web", "file", "kept");
      await subject.driver.snapshot("web", "s1");

      await subject.driver.open();

      expect(await content(subject, "web")).toEqual({ file: "kept" });
      expect(await subject.driver.list()).toEqual([{ id: "web", present: true, snapshots: ["s1"] }]);
    });

    it("is empty to begin with", async () => {
      await using subject = await factory();
      expect(await subject.driver.list()).toEqual([]);
    });

    it("lists datasets and their snapshots as they really are", async () => {
      await using subject = await factory();
      const { driver } = subject;
      await driver.create("one");
      await driver.snapshot("one", "s2");
      await driver.snapshot("one", "s1");
      await driver.clone("one", "s1", "two");
      await driver.create("three");
      await subject.lose("one");
      await driver.remove("three");

      expect(await driver.list()).toEqual([
        { id: "one", present: false, snapshots: ["s1", "s2"] },
        { id: "two", present: true, snapshots: [] },
      ]);
    });

    it("tells its size and what is free of it", async () => {
      await using subject = await factory();
      const { total, free } = await subject.driver.capacity();
      expect(free).toBeGreaterThan(0);
      expect(free).toBeLessThanOrEqual(total);
    });

    it("gives each dataset a path and a name of its own, before it exists too", async () => {
      await using subject = await factory();
      const { driver } = subject;
      expect(driver.path("one")).toMatch(/^\/.*one$/);
      expect(driver.path("one")).toBe(driver.path("one"));
      expect(driver.path("one")).not.toBe(driver.path("two"));
      expect(driver.datasetName("one")).not.toBe(driver.datasetName("two"));
      expect(driver.snapshotPath("one", "s1")).not.toBe(driver.snapshotPath("one", "s2"));
      expect(driver.snapshotPath("one", "s1")).not.toBe(driver.path("one"));
      expect(await driver.list()).toEqual([]);
    });

    it("serves different datasets at once", async () => {
      await using subject = await factory();
      const { driver } = subject;
      const ids = ["one", "two", "three", "four"];
      const live = async (id: string) => {
        await driver.create(id);
        await say(subject, id, "file", id);
        await driver.snapshot(id, "s1");
        await say(subject, id, "file", "changed");
        await driver.revert(id, "s1");
        await driver.list();
        return content(subject, id);
      };

      expect(await Promise.all(ids.map(live))).toEqual(ids.map((id) => ({ file: id })));

      await Promise.all(ids.map((id) => driver.remove(id)));
      expect(await driver.list()).toEqual([]);
    });
  });

  describe("a pool that is read-only", () => {
    it("refuses each change with the same code, changes nothing, and goes on once it is writable", async () => {
      await using subject = await factory();
      const { driver } = subject;
      await driver.create("web");
      await say(subject, "web", "file", "kept");
      await driver.snapshot("web", "s1");
      const before = await driver.list();
      const signal = AbortSignal.timeout(10_000);
      expect((await driver.capacity()).readOnly).toBeUndefined();

      await subject.setReadOnly(true);

      const changes = [
        () => driver.create("two"),
        () => driver.clone("web", "s1", "two"),
        () => driver.rename("web", "two"),
        () => driver.snapshot("web", "s2"),
        () => driver.revert("web", "s1"),
        () => driver.restore("web", "s1", ["file"], signal),
        () => driver.renameSnapshot("web", "s1", "s2"),
        () => driver.removeSnapshot("web", "s1"),
        () => driver.remove("web"),
      ];
      for (const change of changes) {
        await expect(change(), String(change)).rejects.toMatchObject({ code: "read_only" });
      }
      expect((await driver.capacity()).readOnly).toMatch(/\.$/);
      expect(await driver.list()).toEqual(before);
      expect(await content(subject, "web")).toEqual({ file: "kept" });

      await subject.setReadOnly(false);

      expect((await driver.capacity()).readOnly).toBeUndefined();
      await driver.revert("web", "s1");
      await driver.remove("web");
      expect(await driver.list()).toEqual([]);
    });

    it("is opened all the same, with what is in it", async () => {
      await using subject = await factory();
      await subject.driver.create("web");
      await subject.setReadOnly(true);
      await subject.driver.open({ holdsData: true });
      expect(await subject.driver.list()).toEqual([{ id: "web", present: true, snapshots: [] }]);
      await subject.setReadOnly(false);
    });
  });

  describe("a pool that is not at its path", () => {
    it("is told apart, refuses everything with the same code, and goes on once it is back", async () => {
      await using subject = await factory();
      const { driver } = subject;
      await driver.create("web");
      await say(subject, "web", "file", "kept");
      await driver.snapshot("web", "s1");
      const before = await driver.list();
      const signal = AbortSignal.timeout(10_000);
      expect((await driver.capacity()).absent).toBeUndefined();

      await subject.setHidden(true);

      const calls = [
        () => driver.hasDataset("web"),
        () => driver.hasSnapshot("web", "s1"),
        () => driver.create("two"),
        () => driver.clone("web", "s1", "two"),
        () => driver.rename("web", "two"),
        () => driver.snapshot("web", "s2"),
        () => driver.revert("web", "s1"),
        () => driver.restore("web", "s1", ["file"], signal),
        () => driver.renameSnapshot("web", "s1", "s2"),
        () => driver.removeSnapshot("web", "s1"),
        () => driver.remove("web"),
        () => driver.usage("web", signal),
        () => driver.list(),
      ];
      for (const call of calls) {
        await expect(call(), String(call)).rejects.toMatchObject({ code: "unmounted" });
      }
      expect(await driver.capacity()).toMatchObject({ total: 0, free: 0, absent: expect.stringMatching(/\.$/) });

      await subject.setHidden(false);

      expect((await driver.capacity()).absent).toBeUndefined();
      expect(await driver.list()).toEqual(before);
      expect(await content(subject, "web")).toEqual({ file: "kept" });
      await driver.revert("web", "s1");
      await driver.remove("web");
    });
  });

  describe("a name that is none", () => {
    it("is refused as a dataset by every method", async () => {
      await using subject = await factory();
      for (const id of hostileIds) await refuses(subject.driver, id, "s1");
      expect(await subject.driver.list()).toEqual([]);
    });

    it("is refused as a label by every method", async () => {
      await using subject = await factory();
      const { driver } = subject;
      await driver.create("web");
      await driver.snapshot("web", "s1");
      for (const label of hostileLabels) {
        expect(() => driver.snapshotPath("web", label), label).toThrow(expect.objectContaining(refused));
        await expect(driver.clone("web", label, "two"), label).rejects.toMatchObject(refused);
        await expect(driver.snapshot("web", label), label).rejects.toMatchObject(refused);
        await expect(driver.revert("web", label), label).rejects.toMatchObject(refused);
        await expect(driver.removeSnapshot("web", label), label).rejects.toMatchObject(refused);
        await expect(driver.renameSnapshot("web", label, "s2"), label).rejects.toMatchObject(refused);
        await expect(driver.renameSnapshot("web", "s1", label), label).rejects.toMatchObject(refused);
      }
      expect(await driver.list()).toEqual([{ id: "web", present: true, snapshots: ["s1"] }]);
    });
  });
}

async function refuses(driver: StorageDriver, id: string, label: string): Promise<void> {
  expect(() => driver.path(id), id).toThrow(expect.objectContaining(refused));
  expect(() => driver.datasetName(id), id).toThrow(expect.objectContaining(refused));
  expect(() => driver.snapshotPath(id, label), id).toThrow(expect.objectContaining(refused));
  await expect(driver.create(id), id).rejects.toMatchObject(refused);
  await expect(driver.clone(id, label, "two"), id).rejects.toMatchObject(refused);
  await expect(driver.clone("web", label, id), id).rejects.toMatchObject(refused);
  await expect(driver.settle(id, AbortSignal.timeout(1_000)), id).rejects.toMatchObject(refused);
  await expect(driver.snapshot(id, label), id).rejects.toMatchObject(refused);
  await expect(driver.revert(id, label), id).rejects.toMatchObject(refused);
  await expect(driver.removeSnapshot(id, label), id).rejects.toMatchObject(refused);
  await expect(driver.renameSnapshot(id, label, "s2"), id).rejects.toMatchObject(refused);
  await expect(driver.usage(id, AbortSignal.timeout(1_000)), id).rejects.toMatchObject(refused);
  await expect(driver.remove(id), id).rejects.toMatchObject(refused);
}
