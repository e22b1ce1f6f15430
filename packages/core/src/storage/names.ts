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

/** As `assertDatasetId`, for a path inside a dataset. */
export function assertInnerPath(path: string): void {
  const parts = path.split("/");
  if (parts.every((part) => part !== "" && part !== "." && part !== "..") && !path.includes("\0")) return;
  throw new DockersnapError("invalid_request", `${JSON.stringify(path)} is no path inside a dataset.`);
}
