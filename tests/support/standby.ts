import type { World } from "./world.ts";

const withinMs = 60_000;

/** Resolves when `holds`, which is looked at now and after every event of the daemon. */
async function untilSo(world: World, holds: () => Promise<boolean>): Promise<void> {
  const over = new AbortController();
  const signal = AbortSignal.any([over.signal, AbortSignal.timeout(withinMs)]);
  const connected = Promise.withResolvers<void>();
  const watched = (async () => {
    for await (const _ of world.client.events({ signal, onConnect: connected.resolve })) if (await holds()) return;
    throw new Error(`It did not come to that:\n${JSON.stringify(await world.client.standbys())}\n${world.logTail()}`);
  })();
  watched.catch(connected.reject);
  try {
    await connected.promise;
    if (!(await holds())) await watched;
  } finally {
    over.abort();
    await watched.catch(() => undefined);
  }
}

/** Resolves when so many clones of each snapshot with standbys are ready. */
export function untilReady(world: World, count: number): Promise<void> {
  return untilSo(world, async () => {
    const all = await world.client.standbys();
    return all.length > 0 && all.every(({ ready }) => ready === count);
  });
}

/** The names of what waits, is made to wait, or goes. */
export async function waitingIn(world: World): Promise<readonly string[]> {
  const all = await world.client.instances.list({ all: true });
  return all.filter(({ purpose }) => purpose === "standby").map(({ name }) => name);
}

export function untilWaiting(world: World, count: number): Promise<void> {
  return untilSo(world, async () => (await waitingIn(world)).length === count);
}
