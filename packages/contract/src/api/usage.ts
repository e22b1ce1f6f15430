import * as z from "zod";
import { Timestamp } from "../time.ts";

/** Bytes of file contents. */
const occupied = {
  /** What its files refer to, shared with others or not. */
  referenced_bytes: z.number(),
  /** Of that, what snapshots, clones or the source hold too. */
  shared_bytes: z.number().nonnegative(),
  /**
   * What nothing else holds, in bytes of the disk. Together with what is shared it may be more than what is referred to: the
   * disk keeps a written piece as long as any part of it is in use.
   */
  exclusive_bytes: z.number(),
  /** What deleting it gives back to the pool. */
  freed_by_delete_bytes: z.number(),
};

export const SnapshotUsage = z.object({ label: z.string(), ...occupied });
export type SnapshotUsage = z.infer<typeof SnapshotUsage>;

/** What an instance occupies. Deleting it deletes its snapshots, so what that frees is more than what it holds alone. */
export const InstanceUsage = z.object({
  instance: z.string(),
  measured_at: Timestamp,
  ...occupied,
  /** Oldest first. */
  snapshots: z.array(SnapshotUsage),
});
export type InstanceUsage = z.infer<typeof InstanceUsage>;
