import type { Context } from "../context.ts";
import { findInstance } from "../instance/lookup.ts";
import { forgetInstance } from "../instance/steps.ts";

export interface Taking {
  /** The instance that waits. */
  readonly standby: string;
  /** What it is called from now on. */
  readonly name: string;
  readonly createdAt: string;
}

/**
 * Give a waiting clone its user's name, in everything others see of it, let it go on and forward its ports. What fails leaves
 * it half way.
 */
export async function takeWaiting(context: Context, taking: Taking, signal: AbortSignal): Promise<void> {
  const { records, storage } = context.platform;
  const { standby, name, createdAt } = taking;
  records.transaction(() => {
    const waiting = findInstance(records, standby);
    records.instances.remove(standby);
    records.instances.insert({ ...waiting, name, createdAt, phase: "creating", purpose: undefined });
  });
  context.ports.forget(standby);
  // Inside, nothing goes by the dataset's name, and to have its rename on disk takes longer than all the rest.
  await allDone([storage.rename(standby, name), goOn(context, taking, signal)]);
}

async function goOn(
  { platform: { records, network, engines }, specs, ports }: Context,
  { standby, name }: Taking,
  signal: AbortSignal,
): Promise<void> {
  const record = findInstance(records, name);
  await allDone([network.rename(standby, specs.network(record)), engines.rename(standby, specs.engine(record))]);
  signal.throwIfAborted();
  await engines.resume(name);
  // Its engine may have ended while nobody looked; one that tells its ports is there.
  await ports.refresh(name);
}

/** Rejects with the first failure, after all have ended: what still ran would undo the way back. */
async function allDone(works: readonly Promise<void>[]): Promise<void> {
  for (const one of await Promise.allSettled(works)) if (one.status === "rejected") throw one.reason;
}

/** Take everything away that goes by one of these names, whichever of them it has got by now. */
export async function discard(context: Context, names: readonly string[]): Promise<void> {
  const { engines, network, storage } = context.platform;
  // Both engines' names first: what is half renamed is found by either, and holds its dataset busy.
  for (const name of names) await engines.kill(name);
  for (const name of names) {
    await Promise.all([network.remove(name), storage.remove(name)]);
    forgetInstance(context, name);
  }
}
