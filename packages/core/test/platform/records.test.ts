import { describe } from "vitest";
import { MemoryRecords } from "../../testing/platform/records.ts";
import { describeRecords } from "../../testing/platform/records-conformance.ts";

describe("records in memory", () => {
  describeRecords(() => ({ records: new MemoryRecords(), close: () => {} }));
});
