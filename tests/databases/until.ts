import { setTimeout as pause } from "node:timers/promises";

/**
 * Try until it succeeds. A database that recovers tells nobody when it is ready, and refuses until then; the last refusal is
 * the rejection after a minute.
 */
export async function untilSucceeds<T>(attempt: () => Promise<T>): Promise<T> {
  const deadline = performance.now() + 60_000;
  while (true) {
    try {
      return await attempt();
    } catch (error) {
      if (performance.now() > deadline) throw error;
    }
    await pause(50);
  }
}
