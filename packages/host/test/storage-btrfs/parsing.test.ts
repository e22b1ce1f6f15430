import { expect, it } from "vitest";
import { parseSwaps } from "../../src/storage-btrfs/holder-of.ts";
import { parseMountinfo } from "../../src/storage-btrfs/mounts.ts";
import { parseSubvolumes } from "../../src/storage-btrfs/subvolume-list.ts";

it("reads mounts with and without optional fields, and names with spaces", () => {
  const text = [
    "36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 shared:7 - ext3 /dev/root rw,errors=continue",
    "46 27 0:42 / /srv/the\\040pool\\134x rw,noatime - btrfs /dev/loop1 rw,subvolid=5,subvol=/",
    "",
  ].join("\n");
  expect(parseMountinfo(text)).toEqual([
    { at: "/mnt2", type: "ext3", source: "/dev/root" },
    { at: "/srv/the pool\\x", type: "btrfs", source: "/dev/loop1" },
  ]);
});

it("reads what the kernel has of subvolumes, and takes no line for one that is none", () => {
  const none = "0".repeat(32);
  const own = "6a762b9800000000000000000000abcd";
  expect(parseSubvolumes(`256 5 7 0 ${own} ${none} 696e\n258 256 9 1 ${own} ${own} 696e2f0aff\n`)).toEqual([
    { id: 256, parent: 5, made: 7, isReadOnly: false, uuid: own, origin: undefined, path: Buffer.from("in") },
    {
      id: 258,
      parent: 256,
      made: 9,
      isReadOnly: true,
      uuid: own,
      origin: own,
      path: Buffer.from("in/\n\xff", "latin1"),
    },
  ]);
  expect(parseSubvolumes("")).toEqual([]);
  expect(() => parseSubvolumes("ID 256 gen 8 top level 5 path instances/web\n")).toThrow("a line that is none");
});

it("reads which files the machine swaps to, whatever they are called", () => {
  const text =
    "Filename\t\t\tType\t\tSize\t\tUsed\t\tPriority\n/dev/dm-1 partition\t976\t0\t-2\n/srv/a\\040b\\012c\tfile\t1\t0\t-3\n";
  expect(parseSwaps(text)).toEqual(["/dev/dm-1", "/srv/a b\nc"]);
});
