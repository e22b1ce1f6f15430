import { DockersnapError } from "@dockersnap/contract/words";

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
 * Do the same for each name, side by side. One that fails keeps no other from its end; whatever is not the daemon's refusal
 * of that one (the connection, an interrupt) ends it all and rejects. Where the same is said of every one of them, such as that
 * there is no such instance, it rejects with that.
 */
export async function fanOut<T>(names: readonly string[], act: (name: string) => Promise<T>): Promise<FanOut<T>> {
  const done = new Map<string, T>();
  const failed: Failed[] = [];
  const queue = [...names];
  let only: DockersnapError | undefined;
  const worker = async () => {
    for (let name = queue.shift(); name !== undefined; name = queue.shift()) {
      try {
        done.set(name, await act(name));
      } catch (error) {
        if (!(error instanceof DockersnapError)) {
          queue.length = 0;
          throw error;
        }
        only ??= error;
        failed.push({ name, error: error.message, code: error.code });
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, names.length) }, worker));
  if (done.size === 0 && only !== undefined && failed.every(({ error }) => error === only?.message)) throw only;
  return { done: names.flatMap((name) => done.get(name) ?? []), failed };
}
