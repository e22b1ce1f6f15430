import { flagOf, globalOptions, type Option, optionOf } from "./options.ts";

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
  const [, switches = "", last = word] = /^-([a-z]+)([a-z])$/i.exec(word) ?? [];
  const areSwitches = [...switches].every((letter) => optionOf(globalOptions, `-${letter}`)?.placeholder === undefined);
  return areSwitches && optionOf(globalOptions, switches === "" ? last : `-${last}`)?.placeholder !== undefined;
}

/** Whether a word is a global option, with or without its value. */
export function isGlobal(word: string): boolean {
  return Object.entries(globalOptions).some(
    ([name, option]) => word.split("=")[0] === flagOf(name) || (option.short && word.startsWith(`-${option.short}`)),
  );
}

/**
 * Puts `--` before the words that another program is to read: those behind the first operand, and behind the global options
 * that follow it.
 */
export function withOthersApart(words: readonly string[]): string[] {
  let at = verbIndex(words, 0) + 1;
  for (let word = words[at]; word !== undefined && isGlobal(word); word = words[at]) at += takesNextWord(word) ? 2 : 1;
  const theirs = words.slice(words[at] === "--" ? at + 1 : at);
  return theirs.length === 0 ? words.slice(0, at) : [...words.slice(0, at), "--", ...theirs];
}

const truths: Record<string, boolean> = { 1: true, t: true, true: true, 0: false, f: false, false: false };

/** Takes values out of the words they are joined to by `=` where commander does not: `-o=json`, `--force=true`, `-f=false`. */
export function withValuesApart(words: readonly string[], options: Record<string, Option<unknown>>): string[] {
  const end = words.indexOf("--");
  const ours = end === -1 ? words : words.slice(0, end);
  const apart = ours.flatMap((word, index) => {
    if (optionOf(options, ours[index - 1])?.placeholder !== undefined) return word;
    const [, flag, value = ""] = /^(--?[^=]+)=(.*)$/s.exec(word) ?? [];
    const option = optionOf(options, flag);
    if (flag === undefined || option === undefined) return word;
    if (option.placeholder !== undefined) return flag.startsWith("--") ? word : [flag, value];
    const isGiven = truths[value.toLowerCase()];
    if (isGiven === undefined) return word;
    return isGiven ? flag : [];
  });
  return end === -1 ? apart : [...apart, ...words.slice(end)];
}
