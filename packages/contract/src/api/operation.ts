import * as z from "zod";
import { Timestamp } from "../time.ts";

export const OperationId = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, {
  error: "expected the id of an operation, as the list of operations has it",
});

export const OperationStatus = z.enum(["running", "undoing", "done", "failed", "cancelled"]);
export type OperationStatus = z.infer<typeof OperationStatus>;

export const StepStatus = z.enum(["running", "done", "failed", "undoing", "undone", "undo_failed"]);
export type StepStatus = z.infer<typeof StepStatus>;

export const OperationStep = z.object({
  name: z.string(),
  status: StepStatus,
  started_at: Timestamp,
  ended_at: Timestamp.optional(),
  error: z.string().optional(),
});
export type OperationStep = z.infer<typeof OperationStep>;

export const Operation = z.object({
  id: z.string(),
  kind: z.string(),
  instance: z.string(),
  requested_by: z.string(),
  status: OperationStatus,
  cancellable: z.boolean(),
  started_at: Timestamp,
  ended_at: Timestamp.optional(),
  steps: z.array(OperationStep),
  result: z.unknown().optional(),
  error: z
    .object({ error: z.string(), code: z.string(), details: z.record(z.string(), z.unknown()).optional() })
    .optional(),
  /** How it ended, in a sentence: the workload's own where its plugin gave one. */
  message: z.string().optional(),
  /** What was ignored of the request that began it. */
  warnings: z.array(z.string()).optional(),
  /** Set when the daemon ended while it ran: how the next one brought it to an end. */
  recovered: z.enum(["finished", "undone"]).optional(),
});
export type Operation = z.infer<typeof Operation>;
