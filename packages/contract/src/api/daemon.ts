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

/**
 * What can run out of space: the pool's data, its metadata (the file system's own account of its files), the disk below
 * the pool's image, or the disk with the records.
 */
export const SpaceKind = z.enum(["data", "metadata", "backing", "records"]);
export type SpaceKind = z.infer<typeof SpaceKind>;

const room = { total_bytes: z.number(), free_bytes: z.number(), reserve_bytes: z.number() };

/**
 * Free space of the pool, in bytes. Below the reserve nothing new is begun, while deletes still work. In a pool that is
 * `read_only` nothing can be changed at all. One that is `unmounted` is not where it belongs, and its bytes are 0.
 */
export const PoolRoom = z.object({
  ...room,
  state: z.enum(["ok", "nearly_full", "full", "read_only", "unmounted"]),
  /** What is running out, in a pool that is nearly full or full. */
  what: SpaceKind.optional(),
  /** Where the storage keeps account of its files in space of its own. */
  metadata: z.object(room).optional(),
  /** The disk that holds the image of the daemon's own pool. */
  backing: z.object({ mountpoint: z.string(), free_bytes: z.number() }).optional(),
  /** The next step, unless the state is `ok`. */
  advice: z.string().optional(),
  /** Only `GET /pool` tells, and only where there are any. */
  set_aside: z.array(SetAsideTree).optional(),
});
export type PoolRoom = z.infer<typeof PoolRoom>;

/** Free space of the disk with the records. While it is `full` nothing new is begun; deletes and stops use what is kept for them. */
export const RecordsRoom = z.object({
  ...room,
  /** What is kept beside the records for deletes and stops on a full disk, in bytes. 0 where there was no space to keep. */
  kept_bytes: z.number().optional(),
  /** The next step, unless the state is `ok`. */
  advice: z.string().optional(),
  state: z.enum(["ok", "full"]),
  path: z.string(),
  mountpoint: z.string(),
});
export type RecordsRoom = z.infer<typeof RecordsRoom>;

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
  /** Those with a failed check that has not failed often enough to be unhealthy. */
  running_degraded: z.int().optional(),
  pool: PoolRoom.optional(),
  records: RecordsRoom.optional(),
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
