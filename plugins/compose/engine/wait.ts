import { DockersnapError } from "@dockersnap/plugin-sdk";
import type { ServiceContainer } from "./container.ts";
import type { ProjectEngine } from "./project-engine.ts";
import { shownName, standingOf } from "./standing.ts";
import type { Changes } from "./watch.ts";

/**
 * Resolves with the containers when every one of them is up or finished, healthy where it has a health check. Rejects with
 * `plugin_failed` when one is down for good, with what it said last, or when it takes longer than `seconds`.
 */
export async function untilUp(
  engine: ProjectEngine,
  changes: Changes,
  seconds: number,
  signal: AbortSignal,
): Promise<ServiceContainer[]> {
  const deadline = AbortSignal.timeout(seconds * 1000);
  for (;;) {
    const { count } = changes;
    const containers = await engine.containers();
    const standings = containers.map((container) => ({ container, ...standingOf(container) }));
    const down = standings.filter(({ kind }) => kind === "down");
    if (down.length > 0) throw await failure(engine, down);
    const pending = standings.filter(({ kind }) => kind === "starting" || kind === "restarting");
    if (pending.length === 0) return containers;
    try {
      await changes.after(count, AbortSignal.any([signal, deadline]));
    } catch (error) {
      if (!deadline.aborted || signal.aborted) throw error;
      throw await failure(engine, pending, ` after ${seconds} s (wait_timeout)`);
    }
  }
}

/** What is wrong with each, and what it printed last. */
export async function failure(
  engine: ProjectEngine,
  standings: readonly { readonly container: ServiceContainer; readonly message: string }[],
  when = "",
): Promise<DockersnapError> {
  const reasons = await Promise.all(
    standings.map(async ({ container, message }) => {
      const words = await engine.lastWords(container.id);
      return `${shownName(container)}: ${message}${words === "" ? "" : ` (its log ends: ${words})`}`;
    }),
  );
  const subject = standings.length === 1 ? "A service is" : `${standings.length} services are`;
  return new DockersnapError("plugin_failed", `${subject} not up${when}. ${reasons.join("; ")}.`);
}
