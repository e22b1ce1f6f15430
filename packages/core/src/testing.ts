export { MemoryRecords } from "./platform/testing/records.ts";
export { describeRecords } from "./platform/testing/records-conformance.ts";
