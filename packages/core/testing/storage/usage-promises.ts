import { describe, expect, it } from "vitest";
import type { DatasetUsage, Occupied } from "../../src/storage/driver.ts";
import { fill, MiB } from "./fill.ts";
import type { StorageFactory, StorageSubject } from "./subject.ts";

const patience = () => AbortSignal.timeout(60_000);

/** In MiB, to a tenth. */
async function usageOf({ driver }: StorageSubject, id: string) {
  return inMiB(await driver.usage(id, patience()));
}

function inMiB({ dataset, snapshots, freedByRemoval }: DatasetUsage) {
  const mib = (bytes: number) => Math.round((bytes / MiB) * 10) / 10;
  const pair = ({ referenced, shared, exclusive }: Occupied) => {
    expect([0, referenced]).toEqual([Math.min(0, shared), Math.max(referenced, shared)]);
    return `${mib(referenced)} / ${mib(exclusive)}`;
  };
  return {
    dataset: pair(dataset),
    ...Object.fromEntries(Object.entries(snapshots).map(([label, occupied]) => [label, pair(occupied)])),
    freed: mib(freedByRemoval),
  };
}

/** What is occupied. */
export function usagePromises(factory: StorageFactory): void {
  describe("the usage of a dataset, referenced / held alone", () => {
    it("is nothing for an empty one, and needs one", async () => {
      await using subject = await factory();
      await subject.driver.create("web");
      expect(await usageOf(subject, "web")).toEqual({ dataset: "0 / 0", freed: 0 });
      await expect(subject.driver.usage("absent", patience())).rejects.toMatchObject({ code: "not_found" });
    });

    it("is shared with a snapshot until something is written anew", async () => {
      await using subject = await factory();
      await subject.driver.create("web");
      await fill(subject, "web", "a", 3);
      await fill(subject, "web", "b", 1);
      await subject.driver.snapshot("web", "s1");
      expect(await usageOf(subject, "web")).toEqual({ dataset: "4 / 0", s1: "4 / 0", freed: 4 });

      await fill(subject, "web", "a", 2);
      expect(await usageOf(subject, "web")).toEqual({ dataset: "3 / 2", s1: "4 / 3", freed: 6 });
    });

    it("tells of each snapshot what removing it gives back, and that changes as its neighbours go", async () => {
      await using subject = await factory();
      const { driver } = subject;
      await driver.create("web");
      for (const [index, label] of ["s1", "s2", "s3", "s4"].entries()) {
        await fill(subject, "web", "all", 1 + index);
        if (index > 0 && index < 3) await fill(subject, "web", "two", index);
        await driver.snapshot("web", label);
      }
      // What `two` held in s3 is in s4 and the dataset as well.
      expect(await usageOf(subject, "web")).toEqual({
        dataset: "6 / 0",
        s1: "1 / 1",
        s2: "3 / 3",
        s3: "5 / 3",
        s4: "6 / 0",
        freed: 13,
      });
      await driver.removeSnapshot("web", "s2");
      await driver.removeSnapshot("web", "s4");
      expect(await usageOf(subject, "web")).toEqual({ dataset: "6 / 4", s1: "1 / 1", s3: "5 / 3", freed: 10 });
    });

    it("does not count what a clone or its source holds as well", async () => {
      await using subject = await factory();
      const { driver } = subject;
      await driver.create("web");
      await fill(subject, "web", "base", 4);
      await driver.snapshot("web", "s1");
      await driver.clone("web", "s1", "two");
      await fill(subject, "two", "own", 1);
      await driver.snapshot("two", "t1");
      await fill(subject, "web", "later", 2);

      expect(await usageOf(subject, "web")).toEqual({ dataset: "6 / 2", s1: "4 / 0", freed: 2 });
      expect(await usageOf(subject, "two")).toEqual({ dataset: "5 / 0", t1: "5 / 0", freed: 1 });

      await driver.removeSnapshot("web", "s1");
      await subject.unlink("web", "base");
      await subject.unlink("web", "later");
      await fill(subject, "web", "new", 1);
      expect(await usageOf(subject, "web")).toEqual({ dataset: "1 / 1", freed: 1 });
      expect(await usageOf(subject, "two")).toEqual({ dataset: "5 / 0", t1: "5 / 0", freed: 5 });
    });

    it("tells what of it others hold too, never more than there is nor less than nothing", async () => {
      await using subject = await factory();
      const { driver } = subject;
      await driver.create("web");
      const shared = async () => {
        const { dataset, snapshots } = await driver.usage("web", patience());
        return [dataset, ...Object.values(snapshots)].map((one) => Math.round((one.shared / MiB) * 10) / 10);
      };
      await fill(subject, "web", "a", 3);
      await fill(subject, "web", "b", 1);
      expect(await shared()).toEqual([0]);
      await driver.snapshot("web", "s1");
      expect(await shared()).toEqual([4, 4]);
      await fill(subject, "web", "a", 2);
      expect(await shared()).toEqual([1, 1]);
      await driver.snapshot("web", "s2");
      expect(await shared()).toEqual([3, 1, 3]);
      await driver.removeSnapshot("web", "s1");
      await driver.removeSnapshot("web", "s2");
      expect(await shared()).toEqual([0]);
    });

    it("holds across reverts", async () => {
      await using subject = await factory();
      const { driver } = subject;
      await driver.create("web");
      await fill(subject, "web", "a", 1);
      await driver.snapshot("web", "s1");
      await fill(subject, "web", "b", 2);
      await driver.snapshot("web", "s2");
      await fill(subject, "web", "c", 3);
      await driver.snapshot("web", "kept");
      await driver.revert("web", "s1");
      await fill(subject, "web", "d", 4);
      await driver.snapshot("web", "s3");
      await fill(subject, "web", "a", 1);

      expect(await usageOf(subject, "web")).toEqual({
        dataset: "5 / 1",
        s1: "1 / 0",
        s2: "3 / 0",
        s3: "5 / 0",
        kept: "6 / 3",
        freed: 11,
      });
    });
  });
}
