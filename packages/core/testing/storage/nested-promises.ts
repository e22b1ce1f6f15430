import { describe, expect, it } from "vitest";
import { fill, MiB } from "./fill.ts";
import { type Nesting, type StorageFactory, type StorageSubject, say } from "./subject.ts";

const never = new AbortController().signal;

/** Trees that workloads make inside of a dataset's. */
export function nestedPromises(factory: StorageFactory): void {
  describe("trees nested in a dataset", () => {
    it("are in its snapshots and come back with a revert, as they were", async (context) => {
      await using subject = await factory();
      const nesting = subject.nesting ?? context.skip("nothing can be nested here");
      const { driver } = subject;
      await nest(subject, nesting);
      await driver.snapshot("web", "s1");
      await say(subject, "web", "sub/inner/file", "now");
      await nesting.make("web", "sub/later");
      await nesting.setReadOnly("web", "sub/later");

      for (const _time of ["once", "twice"]) {
        await driver.revert("web", "s1");
        expect(await nesting.list("web")).toEqual(nested);
        expect(await words(subject, "web")).toEqual(["then", "then", "then"]);
      }
      await expect(say(subject, "web", "sub/kept/file", "now")).rejects.toMatchObject({ code: "EROFS" });
      await say(subject, "web", "sub/inner/file", "now");
    });

    it("come back with the part they lie in, as they were, and others stay as they are", async (context) => {
      await using subject = await factory();
      const nesting = subject.nesting ?? context.skip("nothing can be nested here");
      const { driver } = subject;
      await nest(subject, nesting);
      await driver.snapshot("web", "s1");
      await nesting.make("web", "other");
      await say(subject, "web", "other/file", "now");
      await nesting.setReadOnly("web", "other");
      await say(subject, "web", "sub/inner/file", "now");
      await nesting.make("web", "sub/later");
      await nesting.setReadOnly("web", "sub/later");
      await driver.snapshot("web", "s2");

      for (const _time of ["once", "twice"]) {
        await driver.restore("web", "s1", ["sub"], never);
        expect(await nesting.list("web")).toEqual({ ...nested, other: "read-only" });
        expect(await words(subject, "web")).toEqual(["then", "then", "then"]);
      }
      await expect(say(subject, "web", "sub/kept/file", "now")).rejects.toMatchObject({ code: "EROFS" });
      await driver.restore("web", "s2", ["sub"], never);
      expect(await nesting.list("web")).toEqual({ ...nested, other: "read-only", "sub/later": "read-only" });
      expect(await words(subject, "web")).toEqual(["then", "now", "then"]);
      await driver.restore("web", "s1", ["other", "sub/inner"], never);
      expect(await nesting.list("web")).toEqual({ ...nested, "sub/later": "read-only" });
    });

    it("are in a clone, and stay there when the source is removed", async (context) => {
      await using subject = await factory();
      const nesting = subject.nesting ?? context.skip("nothing can be nested here");
      const { driver } = subject;
      await nest(subject, nesting);
      await driver.snapshot("web", "s1");
      await driver.clone("web", "s1", "waiting");
      await say(subject, "waiting", "sub/inner/file", "its own");
      await driver.rename("waiting", "two");
      await driver.remove("web");

      expect(await nesting.list("two")).toEqual(nested);
      expect(await words(subject, "two")).toEqual(["then", "its own", "then"]);
      await driver.remove("two");
      expect(await driver.list()).toEqual([]);
      await driver.create("web");
      expect(await nesting.list("web")).toEqual({});
    });

    it("are kept at one moment: what writes is held still for it, and let go whatever becomes of it", async (context) => {
      await using subject = await factory();
      const nesting = subject.nesting ?? context.skip("nothing can be nested here");
      const { driver } = subject;
      const seen: string[] = [];
      const still = async () => {
        seen.push("held");
        return { [Symbol.asyncDispose]: async () => void seen.push("let go") };
      };
      await driver.create("web");
      await driver.snapshot("web", "plain", still);
      await nesting.make("web", "sub");
      await driver.snapshot("web", "s1", still);
      await expect(driver.snapshot("web", "s2", () => Promise.reject(new Error("no")))).rejects.toThrow("no");

      expect(seen.filter((word) => word === "held")).toHaveLength(seen.length / 2);
      expect(seen.slice(0, 2)).toEqual(["held", "let go"]);
      expect(await driver.list()).toEqual([{ id: "web", present: true, snapshots: ["plain", "s1"] }]);
    });

    it("are in the usage of both", async (context) => {
      await using subject = await factory();
      const nesting = subject.nesting ?? context.skip("nothing can be nested here");
      await nest(subject, nesting);
      await fill(subject, "web", "sub/big", 3);
      await subject.driver.snapshot("web", "s1");
      const inMiB = (bytes = 0) => Math.round(bytes / MiB);
      const { dataset, snapshots, freedByRemoval } = await subject.driver.usage("web", never);
      expect([dataset.referenced, snapshots.s1?.referenced, freedByRemoval].map(inMiB)).toEqual([3, 3, 3]);
      expect([dataset.exclusive, snapshots.s1?.exclusive].map(inMiB)).toEqual([0, 0]);
    });
  });
}

const nested = { sub: "writable", "sub/inner": "writable", "sub/kept": "read-only" } as const;

async function nest(subject: StorageSubject, nesting: Nesting): Promise<void> {
  await subject.driver.create("web");
  for (const path of Object.keys(nested)) {
    await nesting.make("web", path);
    await say(subject, "web", `${path}/file`, "then");
  }
  await nesting.setReadOnly("web", "sub/kept");
}

async function words(subject: StorageSubject, id: string): Promise<string[]> {
  const read = async (path: string) => new TextDecoder().decode(await subject.read(id, `${path}/file`));
  return Promise.all(Object.keys(nested).map(read));
}
