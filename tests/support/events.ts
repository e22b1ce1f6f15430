import type { DaemonEvent } from "@dockersnap/contract";
import type { World } from "./world.ts";

const withinMs = 30_000;

/** Do `act` and resolve with the first event after it began for which `matches` holds. */
export async function eventOf(
  world: World,
  matches: (event: DaemonEvent) => boolean,
  act: () => Promise<unknown>,
): Promise<DaemonEvent> {
  const over = new AbortController();
  const connected = Promise.withResolvers<void>();
  const signal = AbortSignal.any([over.signal, AbortSignal.timeout(withinMs)]);
  const first = (async () => {
    for await (const event of world.client.events({ signal, onConnect: connected.resolve })) {
      if (matches(event)) return event;
    }
    throw new Error("The stream of events ended.");
  })();
  first.catch(connected.reject);
  try {
    await connected.promise;
    const [event] = await Promise.all([first, act()]);
    return event;
  } finally {
    over.abort();
    await first.catch(() => undefined);
  }
}
