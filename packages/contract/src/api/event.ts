import * as z from "zod";
import { Timestamp } from "../time.ts";

/** One thing that happened, as `GET /events` sends it; `id` grows and `Last-Event-ID` resumes after it. */
export const DaemonEvent = z.object({
  id: z.int(),
  at: Timestamp,
  type: z.enum([
    "instance.created",
    "instance.changed",
    "instance.removed",
    "operation.started",
    "operation.step",
    "operation.ended",
    "health.changed",
    "ports.changed",
    "plugins.changed",
    "pool.changed",
    /** The id that a client resumed after is not known here: it may have missed something, so it should look at everything. */
    "events.reset",
    /** `data` has by how many milliseconds it was set (`by_ms`), and how far retention is held back for it (`held_back_ms`). */
    "clock.changed",
    /** `data` has the snapshot's `label`, whether it is `ok`, and the `problem` if it is not. */
    "snapshot.verified",
  ]),
  instance: z.string().optional(),
  operation: z.string().optional(),
  data: z.record(z.string(), z.unknown()).optional(),
});
export type DaemonEvent = z.infer<typeof DaemonEvent>;
