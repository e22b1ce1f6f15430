import * as z from "zod";
import { Timestamp } from "../time.ts";

/** Bytes of file contents, as files have them: compressed by the pool or not. */
const occupied = {
  /** What it refers to, shared with others or not. */
  referenced_bytes: z.number(),
  /** What nothing else holds. */
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
