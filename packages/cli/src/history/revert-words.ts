import type { Revert } from "@dockersnap/contract/words";

/** What a revert was about: `web`, or `volume:data of web`. */
export function revertedThing(instance: string, { only }: Revert): string {
  return only === undefined ? instance : `${only.join(", ")} of ${instance}`;
}

/** Where it led, among others of the same instance: `to clean`, or `of volume:data to clean`. */
export function revertWords({ to, only }: Revert): string {
  return only === undefined ? `to ${to}` : `of ${only.join(", ")} to ${to}`;
}
