import type { PluginCommand } from "@dockersnap/contract";

/** How long a command may take, in milliseconds. */
export type PluginTimeouts = Readonly<Record<PluginCommand, number>>;

export const defaultTimeouts: PluginTimeouts = {
  init: 10_000,
  schema: 5_000,
  validate: 30_000,
  deploy: 600_000,
  teardown: 120_000,
  access: 10_000,
  describe: 10_000,
  health: 10_000,
  pre_snapshot: 30_000,
  post_snapshot: 30_000,
  post_revert: 30_000,
  post_clone: 30_000,
};
