import { defineConfig } from "vitest/config";

/** Those that look at the whole machine, or fill it, stand alone. */
const alone = ["tests/e2e/doctor.test.ts", "tests/e2e/concurrency.test.ts", "tests/e2e/plugins/crowd.test.ts"];

/** Pools on loop devices, without engines. */
const storage = "packages/host/test/storage-btrfs/**/*.system.test.ts";

const e2e = {
  globalSetup: "tests/support/sweep.ts",
  testTimeout: 120_000,
  hookTimeout: 120_000,
};

/**
 * `unit` needs nothing but Node. `storage` and `system` tests drive the kernel, btrfs, nftables and dockerd for real and need
 * root. They run one after the other: a sandbox has copies of the mounts that were there as it began, so a pool that is
 * unmounted meanwhile keeps its device. Two files at a time, for each has names of its own, and so are the worlds of `e2e`
 * strangers to each other. `e2e-alone` has those that bear no other.
 */
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: "unit",
          include: ["packages/*/test/**/*.test.ts", "plugins/*/test/**/*.test.ts"],
          exclude: ["**/*.system.test.ts", "**/node_modules/**"],
          // Vitest leaves one processor to itself, and with two that would be one file at a time.
          maxWorkers: "100%",
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: {
          name: "storage",
          include: [storage],
          maxWorkers: 2,
          testTimeout: 60_000,
          hookTimeout: 60_000,
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          name: "system",
          include: ["packages/*/test/**/*.system.test.ts", "plugins/*/test/**/*.system.test.ts"],
          exclude: [storage, "**/node_modules/**"],
          maxWorkers: 2,
          testTimeout: 60_000,
          hookTimeout: 60_000,
          sequence: { groupOrder: 2 },
        },
      },
      {
        test: {
          ...e2e,
          name: "e2e",
          include: ["tests/**/*.test.ts"],
          exclude: [...alone, "**/node_modules/**"],
          maxWorkers: 2,
          sequence: { groupOrder: 3 },
        },
      },
      {
        test: { ...e2e, name: "e2e-alone", include: alone, fileParallelism: false, sequence: { groupOrder: 4 } },
      },
    ],
  },
});
