import * as z from "zod";
import { Timestamp } from "../time.ts";

/** What was removed and could not be deleted yet. It is in nobody's way, but its space is not free; it is tried again. */
const SetAsideTree = z.object({
  /** The instance it was of, or `instance@label` for one of its snapshots. */
  what: z.string(),
  path: z.string(),
  since: Timestamp,
  /** What keeps it, where that shows: a swap file in use, a process that has it open. */
  reason: z.string().optional(),
});

/** How full the pool is, in bytes. Below the reserve nothing new is begun, while deletes still work. */
export const PoolRoom = z.object({
  total_bytes: z.number(),
  free_bytes: z.number(),
  reserve_bytes: z.number(),
  state: z.enum(["ok", "nearly_full", "full"]),
  /** Only `GET /pool` tells, and only where there are any. */
  set_aside: z.array(SetAsideTree).optional(),
});
export type PoolRoom = z.infer<typeof PoolRoom>;

/** How large the daemon's own pool is to be, in bytes. It only ever grows. */
export const PoolGrowRequest = z.object({
  size_bytes: z.int().min(1, { error: "expected the new size of the whole pool, in bytes" }),
});
export type PoolGrowRequest = z.infer<typeof PoolGrowRequest>;

/** Whether what the daemon set up on the host's network is as it must be; `unknown` where it could not be looked at. */
export const HostNetworkHealth = z.object({
  state: z.enum(["ok", "faulty", "unknown"]),
  /** A sentence each. */
  problems: z.array(z.string()),
});
export type HostNetworkHealth = z.infer<typeof HostNetworkHealth>;

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
  pool: PoolRoom.optional(),
  network: HostNetworkHealth.optional(),
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
