import type { Context, Operations } from "@dockersnap/core";

/** An engine that ends again within this time is left down for a person to look at. */
const restartPauseMs = 60_000;

/**
 * Follow what engines do by themselves: forward ports as containers come and go, and start an engine again that ended
 * without being asked (the kernel ran out of memory, somebody killed it).
 */
export function superviseEngines({ context, operations }: { context: Context; operations: Operations }): void {
  const { engines, records, clock, log, events } = context.platform;
  const restartedAt = new Map<string, number>();

  async function bringBack(name: string, reason: string): Promise<void> {
    const record = records.instances.get(name);
    // While an operation holds the instance, that operation meets the failure itself.
    if (record?.phase !== "ready" || record.desired !== "running" || operations.holder(name) !== undefined) return;
    events.publish({ type: "instance.changed", instance: name });
    // One that waited is replaced, not started again.
    if (record.purpose === "standby") return;
    const last = restartedAt.get(name);
    const now = clock.monotonic();
    if (last !== undefined && now - last < restartPauseMs) {
      log.error("an engine ended again soon after it was started and stays down", { instance: name, reason });
      records.instances.update(name, {
        problem: `The engine of '${name}' ended twice within a minute (${reason}). Look at its log, then 'dockersnap start ${name}'.`,
      });
      return;
    }
    restartedAt.set(name, now);
    log.warn("an engine ended without being asked and is started again", { instance: name, reason });
    await operations.begin("start", { name }, { requestedBy: "daemon" });
  }

  engines.observe({
    changed(name) {
      // Half made and half removed instances have their ports seen to by their own operation.
      const record = records.instances.get(name);
      // One that waits has no ports forwarded until it is handed out.
      if (record?.phase !== "ready" || record.purpose === "standby") return;
      context.ports.refresh(name).catch((error: unknown) => {
        log.warn("published ports could not be read; the next change of a container tries again", {
          instance: name,
          error,
        });
      });
    },
    gone(name, reason) {
      bringBack(name, reason).catch((error: unknown) => {
        log.error("an engine that ended could not be started again", { instance: name, error });
      });
    },
  });
}
