import { DockersnapError } from "@dockersnap/contract/words";
import { Cron } from "croner";

/** An expression that has moments to come. Times are in UTC, whatever the machine's zone: no hour comes twice or never. */
export interface Moments {
  /** The first one after `time`; undefined when there is none left. */
  after(time: Date): Date | undefined;
}

/** `invalid_request` for what is no expression, and for one with no moment after `now`, such as the 30th of February. */
export function parseCron(expression: string, now: Date): Moments {
  const moments = momentsOf(expression);
  if (moments.after(now) !== undefined) return moments;
  throw new DockersnapError(
    "invalid_request",
    `The cron expression '${expression}' never fires: it names no day that is still to come. An example that does is '0 3 * * *', every day at 03:00 UTC.`,
  );
}

/** As `parseCron`, for one that may have had its last moment. */
export function momentsOf(expression: string): Moments {
  try {
    // A plain time would be taken for an expression that fires once.
    if (/^\s*\d{4}-/.test(expression)) throw new Error("a time is no expression");
    const cron = new Cron(expression, { utcOffset: 0, paused: true });
    return { after: (time) => cron.nextRun(time) ?? undefined };
  } catch (error) {
    const why = error instanceof Error ? error.message.replace(/^CronPattern: /, "") : String(error);
    throw new DockersnapError(
      "invalid_request",
      `'${expression}' is no cron expression (${why}). Expected five fields, six with seconds first, or one such as @hourly; an example is '0 3 * * *', every day at 03:00 UTC.`,
      { cause: error },
    );
  }
}
