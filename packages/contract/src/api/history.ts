import * as z from "zod";
import { Timestamp } from "../time.ts";
import { Snapshot } from "./snapshot.ts";

/** A revert that is remembered, so that it can be taken back, and then taken again. */
export const Revert = z.object({
  at: Timestamp,
  /** The label the instance stood on before. */
  from: z.string().optional(),
  /** The label it was put back to. */
  to: z.string(),
  /** The parts that were put back, where it was not the whole instance: its head then stays where it was. */
  only: z.array(z.string()).optional(),
  /** The snapshot that keeps what was there before. */
  kept_as: z.string(),
  /** It was taken back; `redo_as` keeps what was there then. */
  undone: z.boolean(),
  redo_as: z.string().optional(),
  /** The snapshot that taking it back needs, or once undone taking it again, was removed or has expired. */
  lost: z.boolean(),
});
export type Revert = z.infer<typeof Revert>;

/** The answer to an undo or a redo: the revert it was about, as it is remembered now. */
export const RevertChanged = z.object({ status: z.literal("ok"), revert: Revert });
export type RevertChanged = z.infer<typeof RevertChanged>;

/** A snapshot of another instance that an instance came from, directly or through others. */
export const Origin = z.object({
  instance: z.string(),
  label: z.string(),
  /** That snapshot, or its instance, is not there any more. */
  gone: z.boolean(),
  /** What it came from in its own instance, oldest first, itself last. Empty once it is gone. */
  chain: z.array(z.object({ label: z.string(), created_at: Timestamp })),
});
export type Origin = z.infer<typeof Origin>;

/** An instance that began at a snapshot of this one and is still there. */
export const HistoryClone = z.object({
  name: z.string(),
  label: z.string(),
  created_at: Timestamp,
  /** The snapshot was removed since. */
  gone: z.boolean(),
});
export type HistoryClone = z.infer<typeof HistoryClone>;

/** Where an instance stands and what came from what. */
export const History = z.object({
  instance: z.string(),
  created_at: Timestamp,
  /** The label it stands on: what it is now came from there. */
  head: z.string().optional(),
  /** For a clone: where it came from, nearest first, as far as it is known. */
  origins: z.array(Origin),
  /** Oldest first. Each came from its `parent`; one without came from the instance's beginning. */
  snapshots: z.array(Snapshot),
  /** Oldest first. */
  clones: z.array(HistoryClone),
  /** Oldest first; those that are undone come last. */
  reverts: z.array(Revert),
});
export type History = z.infer<typeof History>;
