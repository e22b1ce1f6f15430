import { DockersnapError } from "@dockersnap/contract/words";
import type { Hold } from "./kind.ts";

/** Who holds, as a second comer is told. */
export interface Holder {
  readonly id: string;
  readonly kind: string;
}

interface Held {
  readonly mode: Hold["mode"];
  readonly holders: Map<string, Holder>;
}

/** At most one operation changes an instance at a time. Nobody waits: a second comer is told who holds it. */
export class InstanceLocks {
  readonly #held = new Map<string, Held>();

  /** Take all of `holds` or none. Rejects with `busy`, naming the first holder in the way. */
  take(holds: readonly Hold[], holder: Holder): void {
    for (const hold of holds) {
      const held = this.#held.get(hold.instance);
      if (held === undefined || (held.mode === "shared" && hold.mode === "shared")) continue;
      const [first] = held.holders.values();
      throw busy(hold.instance, first ?? holder);
    }
    for (const { instance, mode } of holds) {
      const held = this.#held.get(instance) ?? { mode, holders: new Map() };
      held.holders.set(holder.id, holder);
      this.#held.set(instance, held);
    }
  }

  /** Let go of one instance. Twice changes nothing. */
  release(instance: string, holderId: string): void {
    const held = this.#held.get(instance);
    held?.holders.delete(holderId);
    if (held?.holders.size === 0) this.#held.delete(instance);
  }

  /** The operation that holds this instance for itself. */
  holder(instance: string): Holder | undefined {
    const held = this.#held.get(instance);
    return held?.mode === "exclusive" ? held.holders.values().next().value : undefined;
  }
}

function busy(instance: string, holder: Holder): DockersnapError {
  return new DockersnapError(
    "busy",
    `Instance '${instance}' is busy: operation ${holder.id} (${holder.kind}) is running on it. Wait for it, or see it with 'dockersnap operations show ${holder.id}'.`,
    { details: { operation: holder.id, kind: holder.kind } },
  );
}
