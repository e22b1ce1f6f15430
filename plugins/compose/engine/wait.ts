import { DockersnapError } from "@dockersnap/plugin-sdk";
import type { ServiceContainer } from "./container.ts";
import type { ProjectEngine } from "./project-engine.ts";
import { shownName, standingOf } from "./standing.ts";
import type { Changes } from "./watch.ts";

export interface Patience {
  /** For everything to be up, in seconds. */
  readonly timeout: number;
  /** So long, in seconds, a service without a health check has to run before it counts as up. */
  readonly settle: number;
}

/**
 * Resolves with the containers when every one of them is up or finished, healthy where it has a health check. Rejects with
 * `plugin_failed` when one is down for good, with what it said last, or when it takes longer than `timeout`.
 */
export async function untilUp(
  engine: ProjectEngine,
  changes: Changes,
  { timeout, settle }: Patience,
  signal: AbortSignal,
): Promise<ServiceContainer[]> {
  const deadline = AbortSignal.timeout(timeout * 1000);
  for (;;) {
    const { count } = changes;
    const containers = await engine.containers();
    const standings = containers.map((container) => ({ container, ...standingOf(container, settle * 1000) }));
    const down = standings.filter(({ kind }) => kind === "down");
    if (down.length > 0) throw await failure(engine, down);
    const pending = standings.filter(({ kind }) => kind === "starting" || kind === "restarting");
    if (pending.length === 0) return containers;
    // Nothing tells of a container that has run long enough.
    const steadyIn = pending.flatMap(({ steadyInMs }) => steadyInMs ?? []);
    const steady = steadyIn.length === 0 ? [] : [AbortSignal.timeout(Math.max(1, Math.ceil(Math.min(...steadyIn))))];
    try {
      await changes.after(count, AbortSignal.any([signal, deadline, ...steady]));
    } catch (error) {
      if (signal.aborted) throw error;
      if (deadline.aborted) throw await failure(engine, pending, ` after ${timeout} s (wait_timeout)`);
      if (steady.every(({ aborted }) => !aborted)) throw error;
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
