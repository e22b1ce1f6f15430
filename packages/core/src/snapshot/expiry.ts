import { DockersnapError } from "@dockersnap/contract/words";
import type { Clock } from "../base/clock.ts";

/** Times are compared as text, so each is written the same way, whatever a client sent. */
export function sameForm(time: string | undefined): string | undefined {
  return time === undefined ? undefined : new Date(time).toISOString();
}

/** `invalid_request` for an expiry that is already over: it would delete the snapshot at once, by a typing error in a date. */
export function requireFutureExpiry(clock: Clock, instance: string, label: string, time: string | undefined): void {
  const now = clock.now();
  if (time === undefined || Date.parse(time) > now.getTime()) return;
  throw new DockersnapError(
    "invalid_request",
    `Snapshot '${instance}@${label}' cannot expire at ${time}, which is in the past (the daemon's clock says ${now.toISOString()}). Choose a later time; 'dockersnap delete ${instance}@${label}' deletes a snapshot now.`,
  );
}
