import { describe } from "vitest";
import { datasetPromises } from "./dataset-promises.ts";
import { nestedPromises } from "./nested-promises.ts";
import { poolPromises } from "./pool-promises.ts";
import { quotaPromises } from "./quota-promises.ts";
import { restorePromises } from "./restore-promises.ts";
import { revertPromises } from "./revert-promises.ts";
import { snapshotPromises } from "./snapshot-promises.ts";
import type { StorageFactory } from "./subject.ts";
import { usagePromises } from "./usage-promises.ts";

/** Every promise of `StorageDriver`, as tests. Each driver and the fake pass all of them. */
export function storageConformance(name: string, factory: StorageFactory): void {
  describe(`${name} keeps the promises of a storage driver`, () => {
    poolPromises(factory);
    datasetPromises(factory);
    snapshotPromises(factory);
    revertPromises(factory);
    restorePromises(factory);
    nestedPromises(factory);
    usagePromises(factory);
    quotaPromises(factory);
  });
}
