import { readFile } from "node:fs/promises";
import fc from "fast-check";
import { expect, it } from "vitest";
import { boltEntries, boltState } from "../../src/data-root/bolt.ts";
import { storedRoot } from "./stored-root.ts";

it("reads a bucket of a database that dockerd wrote, in its newest state", async () => {
  await using root = await storedRoot();
  const file = await readFile(root.at("volumes/metadata.db"));
  const entries = boltEntries(file, "volumes");
  expect([...entries.keys()].map((name) => name.length)).toEqual([64, 4]);
  expect(JSON.parse(String(entries.get("data")))).toMatchObject({ Name: "data", Labels: { x: "y" } });
  expect(boltState(file)).toBeGreaterThan(0n);
  expect([...boltEntries(file, "nothing").keys()]).toEqual([]);
});

it("takes the older state when the newest one was not written to its end", async () => {
  await using root = await storedRoot();
  const file = await readFile(root.at("volumes/metadata.db"));
  const newest = boltState(file);
  const torn = Buffer.from(file);
  // The state is counted up by one, in two places in turn.
  torn.fill(0xff, Number(newest % 2n) * 4096 + 20, Number(newest % 2n) * 4096 + 30);
  expect(boltState(torn)).toBe(newest - 1n);
});

it("ends with an answer or an error whatever a file holds", async () => {
  await using root = await storedRoot();
  const file = await readFile(root.at("network/files/local-kv.db"));
  const change = fc.record({ at: fc.nat(file.length - 1), byte: fc.nat(255) });
  fc.assert(
    fc.property(fc.array(change, { minLength: 1, maxLength: 40 }), fc.nat(file.length), (changes, length) => {
      const spoilt = Buffer.from(file.subarray(0, Math.max(length, 16_384)));
      for (const { at, byte } of changes) if (at < spoilt.length && at >= 8192) spoilt[at] = byte;
      try {
        boltEntries(spoilt, "libnetwork");
      } catch (error) {
        expect(error).toBeInstanceOf(Error);
      }
    }),
  );
});
