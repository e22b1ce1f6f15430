import { expect, it } from "vitest";
import { parseHierarchies, unifiedHoldsControllers } from "../../src/dockerd/cgroups/hierarchies.ts";

const root = "23 1 254:0 / / rw,relatime - ext4 /dev/vda rw";

it("finds version 2 alone", () => {
  const found = parseHierarchies(
    `${root}\n30 23 0:26 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate\n`,
  );
  expect(found).toEqual({ legacy: [], unified: "/sys/fs/cgroup" });
  expect(unifiedHoldsControllers(found)).toBe(true);
});

it("finds the controllers of a hybrid machine in their legacy hierarchies", () => {
  const found = parseHierarchies(
    [
      root,
      "31 23 0:28 / /sys/fs/cgroup ro,nosuid - tmpfs tmpfs ro,mode=755",
      "32 31 0:29 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw",
      "33 31 0:30 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,xattr,release_agent=/lib/agent,name=systemd",
      "34 31 0:31 / /sys/fs/cgroup/cpu,cpuacct rw shared:3 - cgroup cgroup rw,cpu,cpuacct",
      "35 31 0:32 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory",
      "36 31 0:32 / /mnt/again rw - cgroup cgroup rw,memory",
    ].join("\n"),
  );
  expect(found).toEqual({
    legacy: [
      { mountPoint: "/sys/fs/cgroup/systemd", controllers: ["name=systemd"] },
      { mountPoint: "/sys/fs/cgroup/cpu,cpuacct", controllers: ["cpu", "cpuacct"] },
      { mountPoint: "/sys/fs/cgroup/memory", controllers: ["memory"] },
    ],
    unified: "/sys/fs/cgroup/unified",
  });
  expect(unifiedHoldsControllers(found)).toBe(false);
});

it("knows that a legacy hierarchy only systemd uses leaves the controllers to version 2", () => {
  const found = parseHierarchies(
    [
      "32 31 0:29 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw",
      "33 31 0:30 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,name=systemd",
    ].join("\n"),
  );
  expect(unifiedHoldsControllers(found)).toBe(true);
});

it("reads mount points with blanks", () => {
  const found = parseHierarchies("30 23 0:26 / /mnt/control\\040groups rw - cgroup2 cgroup2 rw\n");
  expect(found.unified).toBe("/mnt/control groups");
});
