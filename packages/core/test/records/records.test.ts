import { describe } from "vitest";
import { MemoryRecords } from "../../testing/records/records.ts";
import { describeRecords } from "../../testing/records/records-conformance.ts";

describe("records in memory", () => {
  describeRecords(() => ({ records: new MemoryRecords(), close: () => {} }));
});
