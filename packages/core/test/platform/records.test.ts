import { describe } from "vitest";
import { MemoryRecords } from "../../src/platform/testing/records.ts";
import { describeRecords } from "../../src/platform/testing/records-conformance.ts";

describe("records in memory", () => {
  describeRecords(() => ({ records: new MemoryRecords(), close: () => {} }));
});
