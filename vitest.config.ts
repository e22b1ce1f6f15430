import { defineConfig } from "vitest/config";

/** Those that look at the whole machine, or fill it, stand alone. */
const alone = ["tests/e2e/doctor.test.ts", "tests/e2e/concurrency.test.ts", "tests/e2e/plugins/crowd.test.ts"];

const e2e = {
  globalSetup: "tests/support/sweep.ts",
  testTimeout: 120_000,
  hookTimeout: 120_000,
};

/**
 * `unit` needs nothing but Node. `system` tests drive the kernel, btrfs, nftables and dockerd for real and need root;
 * they run one file at a time because some of what they make (the host's table, loop devices) is the machine's. The
 * worlds of `e2e` are strangers to each other, so two files run at a time; `e2e-alone` has those that bear no other.
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
          name: "system",
          include: ["packages/*/test/**/*.system.test.ts", "plugins/*/test/**/*.system.test.ts"],
          fileParallelism: false,
          testTimeout: 60_000,
          hookTimeout: 60_000,
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          ...e2e,
          name: "e2e",
          include: ["tests/**/*.test.ts"],
          exclude: [...alone, "**/node_modules/**"],
          maxWorkers: 2,
          sequence: { groupOrder: 2 },
        },
      },
      {
        test: { ...e2e, name: "e2e-alone", include: alone, fileParallelism: false, sequence: { groupOrder: 3 } },
      },
    ],
  },
});
