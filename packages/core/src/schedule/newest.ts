import { ownTagPrefix, scheduleTag } from "@dockersnap/contract/words";
import type { SnapshotRecord } from "../records/records.ts";

/** On what the daemon keeps by itself before it replaces the present of an instance. */
const autoTag = `${ownTagPrefix}auto`;

/** The newest snapshot of a schedule, or of all that somebody wanted; `snapshots` has the oldest first. */
export function newestOf(
  snapshots: readonly SnapshotRecord[],
  schedule: string | undefined,
): SnapshotRecord | undefined {
  return snapshots.findLast(({ tags }) =>
    schedule === undefined ? tags[autoTag] === undefined : tags[scheduleTag] === schedule,
  );
}
