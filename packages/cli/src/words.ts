import { flagOf, globalOptions } from "./options.ts";

/** Where the verb is: the first word that is neither a global option nor its value. */
export function verbIndex(words: readonly string[], from: number): number {
  let index = from;
  for (; index < words.length; index += 1) {
    const word = words[index] ?? "";
    if (!word.startsWith("-")) return index;
    if (takesNextWord(word)) index += 1;
  }
  return index;
}

function takesNextWord(word: string): boolean {
  return Object.entries(globalOptions).some(
    ([name, option]) =>
      option.placeholder !== undefined &&
      (word === flagOf(name) || (option.short !== undefined && word === `-${option.short}`)),
  );
}

/** Whether a word is a global option, with or without its value. */
export function isGlobal(word: string): boolean {
  return Object.entries(globalOptions).some(
    ([name, option]) => word.split("=")[0] === flagOf(name) || (option.short && word.startsWith(`-${option.short}`)),
  );
}
