import * as z from "zod";
import { Timestamp } from "../time.ts";

/** More would not fit a machine; the operator's own bound is `standby.max_count`. */
const mostWaiting = 100;

export const StandbyRequest = z.object({
  /** How many clones of the snapshot are to wait, booted and healthy. */
  count: z
    .int({ error: "expected a whole number" })
    .min(1, { error: "expected 1 or more" })
    .max(mostWaiting, { error: `expected at most ${mostWaiting}` }),
  /** Whether they are held still meanwhile, so that they use no processor. Default: true. */
  frozen: z.boolean().optional(),
});
export type StandbyRequest = z.infer<typeof StandbyRequest>;

/** Clones of a snapshot that wait to be handed out. */
export const Standby = z.object({
  instance: z.string(),
  label: z.string(),
  count: z.int(),
  frozen: z.boolean(),
  /** So many could be handed out now. */
  ready: z.int(),
  created_at: Timestamp,
  /** Why fewer wait than are to: a limit, or what the last attempt failed with. */
  problem: z.string().optional(),
});
export type Standby = z.infer<typeof Standby>;
