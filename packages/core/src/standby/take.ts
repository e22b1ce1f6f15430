import type { Lifecycle } from "../instance/lifecycle.ts";
import { findInstance } from "../instance/lookup.ts";
import { forgetInstance } from "../instance/steps.ts";

export interface Taking {
  /** The instance that waits. */
  readonly standby: string;
  /** What it is called from now on. */
  readonly name: string;
  readonly createdAt: string;
}

/** Give a waiting clone its user's name, in everything others see of it, and let it go on. What fails leaves it half way. */
export async function takeWaiting(
  { platform, specs, ports }: Lifecycle,
  { standby, name, createdAt }: Taking,
  signal: AbortSignal,
): Promise<void> {
  const { records, storage, network, engines } = platform;
  records.transaction(() => {
    const waiting = findInstance(records, standby);
    records.instances.remove(standby);
    records.instances.insert({ ...waiting, name, createdAt, phase: "creating", purpose: undefined });
  });
  ports.forget(standby);
  const record = findInstance(records, name);
  const renamed = await Promise.allSettled([
    storage.rename(standby, name),
    network.rename(standby, specs.network(record)),
    engines.rename(standby, specs.engine(record)),
  ]);
  for (const one of renamed) if (one.status === "rejected") throw one.reason;
  signal.throwIfAborted();
  await engines.resume(name);
}

/** Take everything away that goes by one of these names, whichever of them it has got by now. */
export async function discard(lifecycle: Lifecycle, names: readonly string[]): Promise<void> {
  const { engines, network, storage } = lifecycle.platform;
  // Both engines' names first: what is half renamed is found by either, and holds its dataset busy.
  for (const name of names) await engines.kill(name);
  for (const name of names) {
    await Promise.all([network.remove(name), storage.remove(name)]);
    forgetInstance(lifecycle, name);
  }
}
