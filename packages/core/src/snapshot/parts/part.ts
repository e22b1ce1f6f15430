import { DockersnapError, nameRules, partPattern } from "@dockersnap/contract/words";

/** One volume or one container, by the name Docker has for it. */
export interface Part {
  readonly kind: "volume" | "container";
  readonly name: string;
}

/** `volume:data` or `container:web`; `invalid_request` for anything else. */
export function parsePart(word: string): Part {
  const [, kind, name] = partPattern.exec(word) ?? [];
  if ((kind !== "volume" && kind !== "container") || name === undefined) {
    throw new DockersnapError("invalid_request", `'${word}' is no part of an instance: expected ${nameRules.part}.`);
  }
  return { kind, name };
}
