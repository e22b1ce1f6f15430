import { DockersnapError, instanceNamePattern, nameRules, snapshotLabelPattern } from "@dockersnap/contract/words";
import type { DatasetId, Label } from "./driver.ts";

/**
 * Drivers build paths from ids, so each checks once more what the edge has already parsed. Throws `invalid_request`.
 */
export function assertDatasetId(id: DatasetId): void {
  if (instanceNamePattern.test(id)) return;
  throw new DockersnapError(
    "invalid_request",
    `${JSON.stringify(id)} cannot name a dataset; use ${nameRules.instance}.`,
  );
}

/** As `assertDatasetId`, for the label of a snapshot. */
export function assertLabel(label: Label): void {
  if (snapshotLabelPattern.test(label)) return;
  throw new DockersnapError(
    "invalid_request",
    `${JSON.stringify(label)} cannot name a snapshot; use ${nameRules.snapshotLabel}.`,
  );
}
