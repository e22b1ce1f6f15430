export { type EngineFactory, type EngineSubject, engineConformance } from "./engine/testing/conformance.ts";
export { type EngineMethod, MemoryEngines, MemoryMachine } from "./engine/testing/memory-engines.ts";
export { type NetworkFactory, type NetworkSubject, networkConformance } from "./network/testing/conformance.ts";
export { MemoryNetwork, type NetworkMethod } from "./network/testing/memory-network.ts";
export { MemoryRecords } from "./platform/testing/records.ts";
export { describeRecords } from "./platform/testing/records-conformance.ts";
export { storageConformance } from "./storage/testing/conformance.ts";
export { MemoryStorage, type StorageMethod } from "./storage/testing/memory-storage.ts";
export type { StorageFactory, StorageSubject } from "./storage/testing/subject.ts";
