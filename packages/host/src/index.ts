export { createContainerFiles } from "./data-root/container-files.ts";
export { createDataRootReader } from "./data-root/reader.ts";
export { createEngineHost, type EngineHostOptions } from "./dockerd/engine-host.ts";
export { refusedOptions } from "./dockerd/engine-options.ts";
export { moveEngineFiles } from "./dockerd/rename.ts";
export { createMachine } from "./machine/machine.ts";
export { isClaimedByAnother, networkClaimants } from "./netns/claim.ts";
export { createNetwork, type NetworkOptions } from "./netns/network.ts";
export { type DroppingChain, droppingChains } from "./netns/obstacles.ts";
export {
  createPluginHost,
  type PluginHostOptions,
} from "./plugins/plugin-host.ts";
export { CommandError } from "./process/commandError.ts";
export { identify, isAlive, killProcess, type ProcessIdentity } from "./process/identity.ts";
export { type RunOptions, type RunResult, run } from "./process/run.ts";
export { lowWatchLimits, raiseWatchLimits, usedUpWatchLimit } from "./process/watch-limits.ts";
export { type OpenRecords, openRecords, viewRecords } from "./records/index.ts";
export type { BtrfsOptions } from "./storage-btrfs/options.ts";
export { closeBtrfsPool } from "./storage-btrfs/pool.ts";
export { probeBtrfs } from "./storage-btrfs/probe.ts";
export { type BtrfsStorage, createBtrfsStorage } from "./storage-btrfs/storage.ts";
export { createTreeComparer } from "./trees/comparer.ts";
