import * as z from "zod";
import { labelTemplatePattern, nameRules, scheduleIdPattern } from "../names.ts";
import { Timestamp } from "../time.ts";
import { SnapshotTags } from "./names.ts";
import { atLeastOneField, ownFieldsOf, textUpTo } from "./rules.ts";
import { SnapshotMode } from "./snapshot.ts";
import { VerifyRequest } from "./verification.ts";

export const ScheduleId = z
  .string({ error: `expected ${nameRules.schedule}` })
  .regex(scheduleIdPattern, { error: `expected ${nameRules.schedule}` });

const cronRule = { error: "expected a cron expression such as 0 3 * * * or @hourly" };

const count = z
  .int({ error: "expected a whole number" })
  .min(1, { error: "expected 1 or more" })
  .max(10_000)
  .optional();

/**
 * Which of a schedule's snapshots stay: the `last` so many, and the newest of each of so many hours, days, weeks and
 * months (in UTC, weeks from Monday) that have one. One that any rule keeps stays.
 */
export const KeepRules = atLeastOneField(
  z.object({ last: count, hourly: count, daily: count, weekly: count, monthly: count }),
);
export type KeepRules = z.infer<typeof KeepRules>;

/** What a schedule does: take a snapshot, or try the newest one out. */
export const ScheduleAction = z.enum(["snapshot", "verify"], { error: "expected snapshot or verify" });
export type ScheduleAction = z.infer<typeof ScheduleAction>;

const scheduleFields = z.object({
  /** Its name within the instance; made up when left out. */
  id: ScheduleId.optional(),
  /** `snapshot` when left out. What follows the expression is of one of the two only. */
  action: ScheduleAction.optional(),
  /** Five fields, or six with seconds before them, or `@hourly` and the like; in UTC. */
  cron: textUpTo(100, z.string(cronRule).min(1, cronRule)),
  /** Labels of its snapshots; `{time}` is the time of each. */
  label: z
    .string({ error: `expected ${nameRules.labelTemplate}` })
    .regex(labelTemplatePattern, { error: `expected ${nameRules.labelTemplate}` })
    .optional(),
  mode: SnapshotMode.optional(),
  tags: SnapshotTags.optional(),
  /** Without it all of its snapshots stay. */
  keep: KeepRules.optional(),
  /** Try out the newest snapshot of this schedule; of all but those the daemon took by itself when left out. */
  of: ScheduleId.optional(),
  timeout_ms: VerifyRequest.shape.timeout_ms,
});

export const ScheduleRequest = ownFieldsOf(
  scheduleFields,
  { field: "action", absentMeans: "snapshot" },
  { snapshot: ["label", "mode", "tags", "keep"], verify: ["of", "timeout_ms"] },
);
export type ScheduleRequest = z.infer<typeof ScheduleRequest>;

/** When snapshots of an instance are taken by themselves and how long they stay, or when the newest is tried out. */
export const Schedule = z.object({
  id: z.string(),
  /** `snapshot` when left out. */
  action: ScheduleAction.optional(),
  cron: z.string(),
  /** Empty where it takes none. */
  label: z.string(),
  mode: SnapshotMode,
  tags: z.record(z.string(), z.string()).optional(),
  keep: z
    .object({
      last: z.int().optional(),
      hourly: z.int().optional(),
      daily: z.int().optional(),
      weekly: z.int().optional(),
      monthly: z.int().optional(),
    })
    .optional(),
  /** The schedule whose newest snapshot it tries out. */
  of: z.string().optional(),
  timeout_ms: z.number().optional(),
  created_at: Timestamp,
  next_run_at: Timestamp.optional(),
  last_run_at: Timestamp.optional(),
  /** Why the last run took no snapshot, or why what it tried out cannot be restored. */
  last_error: z.string().optional(),
});
export type Schedule = z.infer<typeof Schedule>;

/** The result of a sweep: what it removed, and why each. */
export const SweepResult = z.object({ removed: z.array(z.object({ label: z.string(), reason: z.string() })) });
export type SweepResult = z.infer<typeof SweepResult>;
