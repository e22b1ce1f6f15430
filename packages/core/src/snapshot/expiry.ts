import { DockersnapError } from "@dockersnap/contract/words";
import type { Operations } from "../operation/operations.ts";
import type { Platform } from "../platform/platform.ts";

interface Deps {
  readonly platform: Pick<Platform, "records" | "clock" | "log">;
  readonly operations: Pick<Operations, "begin">;
}

/**
 * Remove every snapshot whose time is over and that nobody protects, each by an operation of its own. One whose instance
 * is busy stays for the next time.
 */
export async function removeExpired({ platform: { records, clock, log }, operations }: Deps): Promise<void> {
  const now = clock.now().toISOString();
  const expired = records.instances
    .all()
    .filter((instance) => instance.phase === "ready")
    .flatMap((instance) => records.snapshots.of(instance.name))
    .filter((snapshot) => snapshot.expiresAt !== undefined && snapshot.expiresAt <= now && !snapshot.protected);
  for (const { instance, label, expiresAt } of expired) {
    log.info("removing a snapshot whose time is over", { instance, label, expiresAt });
    try {
      const { done } = await operations.begin("remove-snapshot", { name: instance, label }, { requestedBy: "expiry" });
      await done;
    } catch (error) {
      if (!(error instanceof DockersnapError)) throw error;
      log.info("an expired snapshot stays for now", { instance, label, reason: error.message });
    }
  }
}
