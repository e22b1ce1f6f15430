import { expect, it } from "vitest";
import { parseExtent } from "../../src/storage-btrfs/extents.ts";
import { parseFamily } from "../../src/storage-btrfs/family.ts";
import { parseMountinfo } from "../../src/storage-btrfs/mounts.ts";
import { parseGroups } from "../../src/storage-btrfs/quotas.ts";
import { nestedIn, parseSubvolumes } from "../../src/storage-btrfs/subvolume.ts";

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

it("finds all below a subvolume, the deepest first, whatever their paths say", () => {
  const all = parseSubvolumes(
    [
      "ID 256 gen 8 top level 5 path instances/web",
      "ID 257 gen 8 top level 256 path instances/web/a",
      "ID 258 gen 8 top level 257 path instances/web/a/ID 9 gen 9 top level 9 path x",
      "ID 259 gen 8 top level 5 path instances/two",
      "ID 260 gen 8 top level 256 path instances/web/b",
    ].join("\n"),
  );
  expect(nestedIn(256, all)).toEqual([258, 257, 260]);
  expect(nestedIn(259, all)).toEqual([]);
});

it("reads what files use of the disk, and passes over the rest of a file name", () => {
  const use = "inode 259 file offset 4096 len 8192 disk start 137764864 offset 65536 gen 12 flags";
  const extent = { start: 137_764_864, length: 8192, reach: 73_728, generation: 12 };
  expect(parseExtent(`${use} NONE o/6/20`)).toEqual(extent);
  expect(parseExtent(`${use} COMPRESS|PREALLOC a b`)).toEqual(extent);
  for (const text of ["transid marker was 11", "", "second line of a name", `x ${use} NONE a`]) {
    expect(parseExtent(text)).toBeUndefined();
  }
});

it("reads subvolumes with what they came from, in paths with blanks too", () => {
  const text = [
    "ID 257 gen 9 cgen 7 top level 256 parent_uuid -                                    path my pool/instances/web",
    "ID 258 gen 9 cgen 9 top level 256 parent_uuid 6a762b98 path my pool/snapshots/web/s1",
  ].join("\n");
  expect(parseFamily(text)).toEqual([
    { id: 257, made: 7, within: 256, parent: undefined, path: "my pool/instances/web" },
    { id: 258, made: 9, within: 256, parent: "6a762b98", path: "my pool/snapshots/web/s1" },
  ]);
});

it("reads subvolumes' quota groups, whatever columns this version of btrfs shows, and passes over the groups of groups", () => {
  const wide = [
    "Qgroupid            Referenced    Exclusive  Max referenced  Max exclusive Parent            Path ",
    "--------            ----------    ---------  --------------  ------------- ------            ---- ",
    "0/5                      16384        16384            none           none -                 <toplevel>",
    "0/256                        0            0            none           none -                 <stale>",
    "0/257                    16384        16384            none           none 1/281474976710655 instances/web",
    "1/281474976710655        32768        32768       136314880           none -                 <0 member qgroups>",
  ];
  const groups = [
    { id: 5, referenced: 16384, isStale: false, parents: ["-"] },
    { id: 256, referenced: 0, isStale: true, parents: ["-"] },
    { id: 257, referenced: 16384, isStale: false, parents: ["1/281474976710655"] },
  ];
  expect(parseGroups(wide.join("\n"))).toEqual(groups);
  expect(parseGroups(wide.map((line) => line.replace(/ +none +none/, "")).join("\n"))).toEqual(groups);
});
