import type { EngineHost } from "@dockersnap/core";

/** What an engine host reports, to be waited on. */
export function reportsOf(engines: EngineHost) {
  const gone: string[] = [];
  const waiting = new Map<string, () => void>();
  const early = new Set<string>();
  engines.observe({
    changed(name) {
      const resolve = waiting.get(name);
      waiting.delete(name);
      if (resolve === undefined) early.add(name);
      else resolve();
    },
    gone: (name) => gone.push(name),
  });

  const changed = (name: string) =>
    early.delete(name) ? Promise.resolve() : new Promise<void>((resolve) => waiting.set(name, resolve));
  return {
    gone,
    changed,
    /** Forget earlier changes, act, and wait for one after it. */
    async settled(name: string, act: () => Promise<unknown>): Promise<void> {
      early.delete(name);
      const next = new Promise<void>((resolve) => waiting.set(name, resolve));
      await act();
      await next;
    },
  };
}
