import { defineConfig } from "vitest/config";

/**
 * `unit` needs nothing but Node. `system` tests drive the kernel, btrfs, nftables and dockerd for real and need root;
 * they run one file at a time because some of what they make (the host's table, loop devices) is the machine's.
 */
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: "unit",
          include: ["packages/*/test/**/*.test.ts", "plugins/*/test/**/*.test.ts"],
          exclude: ["**/*.system.test.ts", "**/node_modules/**"],
        },
      },
      {
        test: {
          name: "system",
          include: ["packages/*/test/**/*.system.test.ts", "plugins/*/test/**/*.system.test.ts"],
          fileParallelism: false,
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          name: "e2e",
          include: ["tests/**/*.test.ts"],
          globalSetup: "tests/support/sweep.ts",
          fileParallelism: false,
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});
