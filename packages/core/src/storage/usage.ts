import { DockersnapError, type InstanceUsage } from "@dockersnap/contract/words";
import type { Platform } from "../platform.ts";
import type { Occupied } from "./driver.ts";

/** What an instance occupies, as clients see it. `not_ready` when that is not known before the signal aborts. */
export async function measureUsage(
  { storage, records, clock }: Pick<Platform, "storage" | "records" | "clock">,
  instance: string,
  signal: AbortSignal,
): Promise<InstanceUsage> {
  const usage = await storage.usage(instance, signal).catch((error: unknown) => {
    if (!signal.aborted) throw error;
    throw new DockersnapError(
      "not_ready",
      `Finding out what '${instance}' occupies takes long in this pool and is still under way. Ask again in a minute.`,
      { cause: error },
    );
  });
  return {
    instance,
    measured_at: clock.now().toISOString(),
    ...described(usage.dataset),
    freed_by_delete_bytes: usage.freedByRemoval,
    snapshots: records.snapshots.of(instance).flatMap(({ label }) => {
      const occupied = usage.snapshots[label];
      return occupied === undefined
        ? []
        : [{ label, ...described(occupied), freed_by_delete_bytes: occupied.exclusive }];
    }),
  };
}

function described({ referenced, shared, exclusive }: Occupied) {
  return { referenced_bytes: referenced, shared_bytes: shared, exclusive_bytes: exclusive };
}
