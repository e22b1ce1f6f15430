import { environmentNameProblem } from "@dockersnap/contract/words";

/** Names of the variables `use` set in this shell, separated by colons, so that whatever they were can be undone. */
export const exportedNames = "DOCKERSNAP_EXPORTED";

/** Why a variable is not exported, or undefined when it may be. */
export function refusal(name: string, value: string): string | undefined {
  const problem = environmentNameProblem(name);
  if (problem !== undefined) return `it ${problem}`;
  if (value.includes("\0")) return "its value holds a NUL character";
  return undefined;
}

/** The names an earlier `use` left in the environment. */
export function exportedIn(env: Readonly<Record<string, string | undefined>>): string[] {
  return namesIn(env[exportedNames]?.split(":") ?? []);
}

/** Of words from a file or the environment, those that `use` may have exported. */
export function namesIn(words: readonly unknown[]): string[] {
  return words.filter((word): word is string => typeof word === "string" && refusal(word, "") === undefined);
}
