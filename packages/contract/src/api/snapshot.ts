import * as z from "zod";
import { mostParts } from "../names.ts";
import { Timestamp } from "../time.ts";
import { NewSnapshotLabel, Part, SnapshotLabel, SnapshotTags, TagChanges } from "./names.ts";
import { atLeastOneField } from "./rules.ts";
import { Verification } from "./verification.ts";

/**
 * How still an instance stands while it is snapshotted: `live` stops nothing, `paused` freezes the containers around
 * the atomic step, `stopped` stops them cleanly first and starts them again after.
 */
export const SnapshotMode = z.enum(["live", "paused", "stopped"], { error: "expected live, paused or stopped" });
export type SnapshotMode = z.infer<typeof SnapshotMode>;

export const SnapshotRequest = z.object({
  label: NewSnapshotLabel,
  tags: SnapshotTags.optional(),
  mode: SnapshotMode.optional(),
  /** When it is removed by itself. */
  expires_at: Timestamp.optional(),
  /** Nothing and nobody removes it until that is taken back. */
  protected: z.boolean().optional(),
});
export type SnapshotRequest = z.infer<typeof SnapshotRequest>;

/** What to change of a snapshot; whatever is left out stays. */
export const SnapshotChange = atLeastOneField(
  z.object({
    new_label: NewSnapshotLabel.optional(),
    /** Merged into those there are; `null` takes one away. */
    tags: TagChanges.optional(),
    protected: z.boolean().optional(),
    /** `null`: it does not expire. */
    expires_at: Timestamp.nullable().optional(),
  }),
);
export type SnapshotChange = z.infer<typeof SnapshotChange>;

/** `force` is what older clients send; nothing is ever thrown away, so it changes nothing. */
export const RevertRequest = z.object({
  label: SnapshotLabel,
  force: z.boolean().optional(),
  /** Put these alone back and leave everything else as it is, running. Without it the whole instance is put back. */
  only: z
    .array(Part)
    .min(1, { error: "expected at least one part" })
    .max(mostParts, { error: `expected at most ${mostParts} parts` })
    .optional(),
});
export type RevertRequest = z.infer<typeof RevertRequest>;

export const Snapshot = z.object({
  label: z.string(),
  created_at: Timestamp,
  tags: z.record(z.string(), z.string()).optional(),
  mode: SnapshotMode,
  /** The label the instance stood on when this was taken. */
  parent: z.string().optional(),
  protected: z.boolean(),
  expires_at: Timestamp.optional(),
  /** How long the containers stood still, in milliseconds; only for `paused`. */
  freeze_ms: z.number().optional(),
  /** How long the atomic step took, in milliseconds. */
  atomic_ms: z.number().optional(),
  /** What of the environment is outside the snapshot: bind mounts from outside, tmpfs, volumes kept elsewhere. One sentence each. */
  not_captured: z.array(z.string()).optional(),
  /** What came of trying it out last; none where that was never done. */
  verified: Verification.optional(),
  /** Clones of it that wait to be handed out; none where none are wanted. */
  standby: z.object({ count: z.int(), ready: z.int() }).optional(),
  /** What its files refer to; this and what follows only where sizes were asked for. */
  referenced_bytes: z.number().optional(),
  /** What nothing else holds. */
  exclusive_bytes: z.number().optional(),
  /** What deleting it gives back to the pool. */
  freed_by_delete_bytes: z.number().optional(),
});
export type Snapshot = z.infer<typeof Snapshot>;

export const SnapshotCreated = Snapshot.extend({
  status: z.literal("ok"),
  /** What could not be looked at, such as an engine that does not answer. The snapshot is whole all the same. */
  warnings: z.array(z.string()).optional(),
});
export type SnapshotCreated = z.infer<typeof SnapshotCreated>;
