import { expect, it } from "vitest";
import { allocationOf, metadataSpace, unusedByData } from "../../src/storage-btrfs/allocation.ts";

const MiB = 1024 * 1024;
const GiB = 1024 * MiB;
const none = { used: 0, reserved: 0, readOnly: 0 };

/** As a kernel told of a pool of 1 GiB with 250,000 small files in it. */
const exhausted = {
  data: { ...none, total: 8 * MiB, onDisk: 8 * MiB },
  metadata: { total: 523_763_712, used: 514_015_232, reserved: 0, readOnly: 65_536, onDisk: 1_047_527_424 },
  system: { total: 8 * MiB, used: 16_384, reserved: 0, readOnly: 0, onDisk: 16 * MiB },
  globalReserve: 5_767_168,
};

it("finds that metadata has run out where statfs still shows free data", () => {
  const allocation = allocationOf(exhausted, GiB);
  expect(allocation?.unallocated).toBe(0);
  if (allocation === undefined) return;
  expect(metadataSpace(allocation)).toEqual({
    total: 523_763_712,
    free: 523_763_712 - 514_015_232 - 65_536 - 5_767_168,
  });
  expect(unusedByData(allocation)).toBe(8 * MiB);
});

it.each([
  ["DUP", 2],
  ["single", 1],
])("counts what is not allocated as metadata's to have, as often as the profile %s keeps it", (_, copies) => {
  const metadata = { ...none, total: 64 * MiB, onDisk: copies * 64 * MiB };
  const allocation = allocationOf({ ...exhausted, metadata, globalReserve: 4 * MiB }, GiB);
  const unallocated = GiB - (8 + 16 + copies * 64 + 1) * MiB;
  expect(allocation?.unallocated).toBe(unallocated);
  if (allocation === undefined) return;
  expect(metadataSpace(allocation).free).toBe(60 * MiB + unallocated / copies);
});

it("sees the devices behind data that is kept twice", () => {
  const data = { ...none, total: 100 * MiB, onDisk: 200 * MiB };
  const metadata = { ...none, total: 100 * MiB, onDisk: 200 * MiB };
  expect(allocationOf({ ...exhausted, data, metadata, system: undefined }, GiB)?.unallocated).toBe(2 * GiB - 401 * MiB);
});

it("says nothing of a btrfs that does not keep the two apart", () => {
  expect(allocationOf({ ...exhausted, data: undefined, metadata: undefined }, GiB)).toBeUndefined();
});
