export { MemoryDataRoots } from "./content/testing/memory-data-roots.ts";
export { MemoryTrees } from "./content/testing/memory-trees.ts";
export { StoredDataRoots } from "./content/testing/stored-data-roots.ts";
export { type EngineFactory, type EngineSubject, engineConformance } from "./engine/testing/conformance.ts";
export { type EngineMethod, MemoryEngines, MemoryMachine } from "./engine/testing/memory-engines.ts";
export { type NetworkFactory, type NetworkSubject, networkConformance } from "./network/testing/conformance.ts";
export { MemoryNetwork, type NetworkMethod } from "./network/testing/memory-network.ts";
export { ManualClock } from "./platform/testing/manual-clock.ts";
export { MemoryRecords } from "./platform/testing/records.ts";
export { describeRecords } from "./platform/testing/records-conformance.ts";
export * as samples from "./platform/testing/samples.ts";
export { type HistoryAct, HistoryModel, historySight } from "./snapshot/testing/history-model.ts";
export { actOf, type Draw, draws, stepsOf } from "./snapshot/testing/random-acts.ts";
export { storageConformance } from "./storage/testing/conformance.ts";
export { MemoryStorage, type StorageMethod } from "./storage/testing/memory-storage.ts";
export type { StorageFactory, StorageSubject } from "./storage/testing/subject.ts";
export {
  type Behaviour,
  type PluginFactory,
  type PluginSketch,
  type PluginSubject,
  pluginConformance,
} from "./workload/testing/conformance.ts";
export { type MemoryPlugin, type MemoryPluginCall, MemoryPlugins } from "./workload/testing/memory-plugins.ts";
