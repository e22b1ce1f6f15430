import type { Standby } from "@dockersnap/contract/words";
import type { Records, StandbyRecord } from "../records/records.ts";
import { waitingFor } from "./waiting.ts";

/** As clients see it; `problem` is why fewer wait than are to. */
export function describeStandby(records: Records, record: StandbyRecord, problem: string | undefined): Standby {
  const { instance, label, count, frozen, createdAt } = record;
  return {
    instance,
    label,
    count,
    frozen,
    ready: Math.min(count, waitingFor(records, record).length),
    created_at: createdAt,
    ...(problem === undefined ? {} : { problem }),
  };
}
