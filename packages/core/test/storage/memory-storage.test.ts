import { DockersnapError } from "@dockersnap/contract/words";
import { expect, it } from "vitest";
import { MemoryStorage, type StorageSubject, storageConformance } from "../../testing/index.ts";

async function memorySubject(): Promise<StorageSubject> {
  const driver = new MemoryStorage();
  await driver.open();
  return {
    driver,
    write: async (id, file, bytes) => driver.write(id, file, bytes),
    read: async (id, file) => driver.read(id, file),
    unlink: async (id, file) => driver.unlink(id, file),
    files: async (id) => driver.files(id),
    lose: async (id) => driver.lose(id),
    nesting: {
      make: async (id, path) => driver.nest(id, path, "writable"),
      setReadOnly: async (id, path) => driver.nest(id, path, "read-only"),
      list: async (id) => driver.nested(id),
    },
    setReadOnly: async (isReadOnly) => {
      driver.isReadOnly = isReadOnly;
    },
    setHidden: async (isHidden) => {
      driver.isHidden = isHidden;
    },
    [Symbol.asyncDispose]: async () => undefined,
  };
}

storageConformance("The fake", memorySubject);

it("fails once where it is told to, and changes nothing by it", async () => {
  const storage = new MemoryStorage();
  storage.failNext("create", new DockersnapError("no_space", "full"));
  storage.failNext("create");

  await expect(storage.create("web")).rejects.toMatchObject({ code: "no_space" });
  await expect(storage.create("web")).rejects.toMatchObject({ code: "internal" });
  expect(await storage.list()).toEqual([]);

  await storage.create("web");
  expect(await storage.list()).toEqual([{ id: "web", present: true, snapshots: [] }]);
});

it("runs out of space by what is written, and gets it back", async () => {
  const storage = new MemoryStorage();
  storage.total = 10;
  await storage.create("web");
  storage.write("web", "file", new Uint8Array(10));

  expect(await storage.capacity()).toMatchObject({ total: 10, free: 0 });
  await expect(storage.create("two")).rejects.toMatchObject({ code: "no_space" });
  await expect(storage.snapshot("web", "s1")).rejects.toMatchObject({ code: "no_space" });

  await storage.remove("web");
  await storage.create("two");
});

it("refuses what needs metadata once that has run out, and removes all the same", async () => {
  const storage = new MemoryStorage();
  await storage.create("web");
  await storage.snapshot("web", "s1");
  storage.metadataFree = 0;
  const refused = { code: "no_space", details: { what: "metadata" } };

  await expect(storage.create("two")).rejects.toMatchObject(refused);
  await expect(storage.clone("web", "s1", "two")).rejects.toMatchObject(refused);
  await expect(storage.snapshot("web", "s2")).rejects.toMatchObject(refused);
  await expect(storage.revert("web", "s1")).rejects.toMatchObject(refused);

  await storage.removeSnapshot("web", "s1");
  await storage.remove("web");
  expect(await storage.list()).toEqual([]);
});

it("takes and gives bytes that nobody else can change", async () => {
  const storage = new MemoryStorage();
  await storage.create("web");
  const bytes = Uint8Array.of(1);
  storage.write("web", "file", bytes);
  bytes[0] = 2;
  const read = storage.read("web", "file");
  read?.fill(3);
  expect(storage.read("web", "file")).toEqual(Uint8Array.of(1));
});
