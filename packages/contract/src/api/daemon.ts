import * as z from "zod";
import { Timestamp } from "../time.ts";

/** How full the pool is, in bytes. Below the reserve nothing new is begun, while deletes still work. */
export const PoolRoom = z.object({
  total_bytes: z.number(),
  free_bytes: z.number(),
  reserve_bytes: z.number(),
  state: z.enum(["ok", "nearly_full", "full"]),
});
export type PoolRoom = z.infer<typeof PoolRoom>;

/** How large the daemon's own pool is to be, in bytes. It only ever grows. */
export const PoolGrowRequest = z.strictObject({
  size_bytes: z.int().min(1, { error: "expected the new size of the whole pool, in bytes" }),
});
export type PoolGrowRequest = z.infer<typeof PoolGrowRequest>;

export const DaemonHealth = z.object({
  status: z.literal("ok"),
  version: z.string(),
  /** Such as `1h2m3s`. */
  uptime: z.string(),
  started_at: Timestamp,
  instances: z.int(),
  running: z.int(),
  running_healthy: z.int(),
  running_unhealthy: z.int(),
  /** Those with a failed check that has not failed often enough to be unhealthy. */
  running_degraded: z.int().optional(),
  pool: PoolRoom.optional(),
});
export type DaemonHealth = z.infer<typeof DaemonHealth>;

export const Ok = z.object({ status: z.literal("ok") });
export type Ok = z.infer<typeof Ok>;

export const ApiError = z.object({
  error: z.string(),
  code: z.string(),
  details: z.record(z.string(), z.unknown()).optional(),
});
export type ApiError = z.infer<typeof ApiError>;
