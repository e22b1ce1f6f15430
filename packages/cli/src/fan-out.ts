import { DockersnapError } from "@dockersnap/contract/words";
import { InterruptedError } from "./failure.ts";
import type { Io } from "./io.ts";
import type { Output } from "./output/output.ts";

interface Failed {
  readonly name: string;
  readonly error: string;
  readonly code: string;
}

export interface FanOut<T> {
  readonly done: readonly T[];
  readonly failed: readonly Failed[];
}

/** Requests at once. The daemon starts as many engines side by side as its machine carries, and the others after them. */
const atOnce = 32;

/** `name-1`, `name-2`… */
export function numbered(name: string, count: number): string[] {
  return Array.from({ length: count }, (_, index) => `${name}-${index + 1}`);
}

/**
 * Do the same for each, side by side. One that fails keeps no other from its end and is warned of; whatever is not the
 * daemon's refusal of that one (the connection, Ctrl-C) ends it all and rejects. Where the same is said of every one of them,
 * such as that there is no such instance, it rejects with that.
 */
export async function fanOut<Item, T>(
  items: readonly Item[],
  { nameOf, io, out }: { readonly nameOf: (item: Item) => string; readonly io: Io; readonly out: Output },
  act: (item: Item, signal: AbortSignal) => Promise<T>,
): Promise<FanOut<T>> {
  const stop = new AbortController();
  using _interrupts = io.onInterrupt(() => {
    stop.abort(new InterruptedError("Left running: operations that have begun continue. See 'dockersnap operations'."));
  });
  const done = new Map<Item, T>();
  const failed: Failed[] = [];
  const queue = [...items];
  let only: DockersnapError | undefined;
  const worker = async () => {
    for (let item = queue.shift(); item !== undefined; item = queue.shift()) {
      try {
        done.set(item, await act(item, stop.signal));
      } catch (error) {
        if (!(error instanceof DockersnapError)) {
          queue.length = 0;
          throw error;
        }
        only ??= error;
        failed.push({ name: nameOf(item), error: error.message, code: error.code });
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, worker));
  if (done.size === 0 && only !== undefined && failed.every(({ error }) => error === only?.message)) throw only;
  for (const { name, error } of failed) out.warn(`${name}: ${error}`);
  return { done: items.flatMap((item) => done.get(item) ?? []), failed };
}
