import * as z from "zod";
import { HealthCheck } from "../plugin/responses.ts";
import { Timestamp } from "../time.ts";

/** How to try a snapshot out. */
export const VerifyRequest = z.object({
  /** How long what is in it may take to be well once its engine is up, in milliseconds. */
  timeout_ms: z
    .int({ error: "expected a whole number of milliseconds" })
    .min(1_000, { error: "expected at least 1000 milliseconds" })
    .max(3_600_000, { error: "expected at most 3600000 milliseconds, an hour" })
    .optional(),
});
export type VerifyRequest = z.infer<typeof VerifyRequest>;

/** What came of trying a snapshot out: a throw-away clone of it was booted and asked how it is. */
export const Verification = z.object({
  /** It can be restored. */
  ok: z.boolean(),
  checked_at: Timestamp,
  /** From the request to where everything in the clone was well, in milliseconds; only where it came to that. */
  ready_ms: z.number().optional(),
  /** Why it does not count as restorable. */
  problem: z.string().optional(),
  /** What the workload's health said last, or how each container that was to come up stood. */
  checks: z.array(HealthCheck).optional(),
});
export type Verification = z.infer<typeof Verification>;

/** The last verification in short, beside a snapshot in a list. */
export const VerificationSummary = Verification.omit({ checks: true });
export type VerificationSummary = z.infer<typeof VerificationSummary>;
