import { randomBytes } from "node:crypto";

/** Sorts by time of beginning, and is short enough to read out. */
export function newOperationId(): string {
  return `op-${Date.now().toString(36)}-${randomBytes(4).toString("hex")}`;
}
