import { afterEach, beforeEach, expect, it } from "vitest";
import type { Records } from "../../src/records/records.ts";
import { instanceRecords } from "./promises/instances.ts";
import { operationRecords } from "./promises/operations.ts";
import { revertRecords } from "./promises/reverts.ts";
import { snapshotRecords } from "./promises/snapshots.ts";
import { standingOrders } from "./promises/standing-orders.ts";
import { recordWrites } from "./promises/writes.ts";

/** What any `Records` must do. `open` gives empty ones; what it made is released with `close`. */
export function describeRecords(open: () => { records: Records; close(): void }): void {
  let records: Records;
  let close: () => void;
  beforeEach(() => {
    ({ records, close } = open());
  });
  afterEach(() => close());

  it("have an id of the daemon that stays the same", () => {
    const id = records.daemonId();
    expect(id).toMatch(/^[0-9a-f-]{32,36}$/);
    expect(records.daemonId()).toBe(id);
    const another = open();
    expect(another.records.daemonId()).not.toBe(id);
    another.close();
  });

  const present = () => records;
  instanceRecords(present);
  snapshotRecords(present);
  revertRecords(present);
  standingOrders(present);
  operationRecords(present);
  recordWrites(present);
}
