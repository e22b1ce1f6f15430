import { expect, it } from "vitest";
import { parseMountinfo } from "../../src/storage-btrfs/mounts.ts";
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
