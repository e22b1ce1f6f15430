import type { PoolRoom } from "@dockersnap/contract/words";
import type { Capacity } from "./driver.ts";

/** How much of the pool may be used, as the operator has it. */
export interface PoolLimits {
  /** Warn from this share of the pool on, such as 0.85. */
  readonly warnAt: number;
  /** Bytes nothing new may take. Undefined: as `defaultReserve` has it. */
  readonly reserve: number | undefined;
}

const MiB = 1024 * 1024;

/**
 * What deletes, records and running workloads live on once nothing new is begun: a fiftieth of the pool, but never less
 * than an image layer or two take, nor more than all of that could need.
 */
function defaultReserve(total: number): number {
  return Math.round(Math.min(Math.max(total / 50, 64 * MiB), 1024 * MiB));
}

export function poolRoom({ total, free }: Capacity, { warnAt, reserve = defaultReserve(total) }: PoolLimits): PoolRoom {
  const state = free < reserve ? "full" : free <= total * (1 - warnAt) ? "nearly_full" : "ok";
  return { total_bytes: total, free_bytes: free, reserve_bytes: reserve, state };
}
