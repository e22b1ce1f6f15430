import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describeRecords } from "@dockersnap/core/testing";
import { describe } from "vitest";
import { openRecords } from "../../src/records/open.ts";

describe("records in SQLite", () => {
  describeRecords(() => {
    const folder = mkdtempSync(join(tmpdir(), "ds-records-"));
    const records = openRecords({ path: join(folder, "records.db") });
    return {
      records,
      close: () => {
        records.close();
        rmSync(folder, { recursive: true });
      },
    };
  });
});
