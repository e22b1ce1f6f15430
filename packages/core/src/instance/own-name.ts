import type { InstancePurpose } from "@dockersnap/contract/words";

const longestName = 32;

/** A name for a clone that the daemon makes for itself, by which a person sees whose it is and why it is there. */
export function ownName(source: string, purpose: InstancePurpose): string {
  const suffix = `-${purpose}-${crypto.randomUUID().slice(0, 6)}`;
  return `${source.slice(0, longestName - suffix.length)}${suffix}`;
}

/** Whether a name is one that `ownName` gives. */
export function isOwnName(name: string): boolean {
  return /-(verify|standby)-[0-9a-f]{6}$/.test(name);
}
