import type { ScheduleRecord } from "../records/records.ts";
import { momentsOf } from "./cron.ts";

/**
 * When a schedule runs next, as far as one daemon knows. Runs that were missed while no daemon was there are one. A clock
 * that is set back brings the next run nearer, to where the expression has it by that clock; it is never waited out.
 */
export class Plan {
  readonly #moments: ReturnType<typeof momentsOf>;
  #next: Date | undefined;

  constructor({ cron, lastRunAt, createdAt }: ScheduleRecord, now: Date) {
    this.#moments = momentsOf(cron);
    const since = new Date(lastRunAt ?? createdAt);
    this.#next = this.#moments.after(since > now ? now : since);
  }

  /** Undefined when it never runs again. */
  next(now: Date): Date | undefined {
    if (this.#next !== undefined && now < this.#next) this.#next = this.#moments.after(now);
    return this.#next;
  }

  /** A run was made, or left out: the next one is after `now`. */
  passed(now: Date): void {
    this.#next = this.#moments.after(now);
  }
}
