import type { Schedule } from "@dockersnap/contract/words";
import type { ScheduleRecord } from "../records/records.ts";
import { momentsOf } from "./cron.ts";

/** A schedule as clients see it. */
export function describeSchedule(record: ScheduleRecord, now: Date): Schedule {
  const next = momentsOf(record.cron).after(now);
  return {
    id: record.id,
    action: record.action,
    cron: record.cron,
    label: record.label,
    mode: record.mode,
    ...(Object.keys(record.tags).length === 0 ? {} : { tags: { ...record.tags } }),
    ...(record.keep === undefined ? {} : { keep: { ...record.keep } }),
    ...(record.of === undefined ? {} : { of: record.of }),
    ...(record.timeoutMs === undefined ? {} : { timeout_ms: record.timeoutMs }),
    created_at: record.createdAt,
    ...(next === undefined ? {} : { next_run_at: next.toISOString() }),
    ...(record.lastRunAt === undefined ? {} : { last_run_at: record.lastRunAt }),
    ...(record.lastError === undefined ? {} : { last_error: record.lastError }),
  };
}
