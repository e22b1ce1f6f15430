import type { Project } from "./project.ts";

/** What cannot work on an engine that has nothing on it yet. */
export function refusals({ external }: Project): string[] {
  return external.map(
    (what) =>
      `The compose file says the ${what} is external, but an instance begins empty: nobody can have made it. Take 'external' away.`,
  );
}

/** Compose ignores a profile it does not know, and with it all that was meant to be started. */
export function unknownProfiles(wanted: readonly string[], known: readonly string[]): string[] {
  const there = known.length === 0 ? "It has none." : `It has: ${[...new Set(known)].sort().join(", ")}.`;
  return wanted
    .filter((profile) => profile !== "*" && !known.includes(profile))
    .map((profile) => `The compose file has no profile '${profile}'. ${there}`);
}
