export { ManualClock } from "./base/manual-clock.ts";
export { MemoryDataRoots } from "./content/memory-data-roots.ts";
export { MemoryTrees } from "./content/memory-trees.ts";
export { StoredDataRoots } from "./content/stored-data-roots.ts";
export { type EngineFactory, type EngineSubject, engineConformance } from "./engine/conformance.ts";
export { type EngineMethod, MemoryEngines } from "./engine/memory-engines.ts";
export { MemoryMachine } from "./engine/memory-machine.ts";
export { type NetworkFactory, type NetworkSubject, networkConformance } from "./network/conformance.ts";
export { MemoryNetwork, type NetworkMethod } from "./network/memory-network.ts";
export { MemoryRecords } from "./records/records.ts";
export { describeRecords } from "./records/records-conformance.ts";
export * as samples from "./records/samples.ts";
export { type HistoryAct, HistoryModel, historySight } from "./snapshot/history-model.ts";
export { actOf, type Draw, draws, stepsOf } from "./snapshot/random-acts.ts";
export { storageConformance } from "./storage/conformance.ts";
export { MemoryStorage, type StorageMethod } from "./storage/memory-storage.ts";
export type { StorageFactory, StorageSubject } from "./storage/subject.ts";
export {
  type Behaviour,
  type PluginFactory,
  type PluginSketch,
  type PluginSubject,
  pluginConformance,
} from "./workload/conformance.ts";
export { type MemoryPlugin, type MemoryPluginCall, MemoryPlugins } from "./workload/memory-plugins.ts";
