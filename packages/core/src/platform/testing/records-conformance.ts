import { afterEach, beforeEach } from "vitest";
import type { Records } from "../records.ts";
import { instanceRecords } from "./records-promises/instances.ts";
import { operationRecords } from "./records-promises/operations.ts";
import { revertRecords } from "./records-promises/reverts.ts";
import { snapshotRecords } from "./records-promises/snapshots.ts";
import { standingOrders } from "./records-promises/standing-orders.ts";
import { recordWrites } from "./records-promises/writes.ts";

/** What any `Records` must do. `open` gives empty ones; what it made is released with `close`. */
export function describeRecords(open: () => { records: Records; close(): void }): void {
  let records: Records;
  let close: () => void;
  beforeEach(() => {
    ({ records, close } = open());
  });
  afterEach(() => close());

  const present = () => records;
  instanceRecords(present);
  snapshotRecords(present);
  revertRecords(present);
  standingOrders(present);
  operationRecords(present);
  recordWrites(present);
}
