import { UsageError } from "../failure.ts";

/**
 * `key=value` words, later ones winning. Values that read as JSON scalars or bracketed JSON are parsed, but for `texts`:
 * keys that are known to take text.
 */
export function parsePairs(
  pairs: readonly string[],
  flag: string,
  texts: ReadonlySet<string> = new Set(),
): Record<string, unknown> {
  const values = Object.entries(parseTexts(pairs, flag));
  return Object.fromEntries(values.map(([key, text]) => [key, texts.has(key) ? text : parseValue(text)]));
}

/** The same with every value as the text it is. */
export function parseTexts(pairs: readonly string[], flag: string): Record<string, string> {
  // fromEntries defines even `__proto__` as a key like any other.
  return Object.fromEntries(pairs.map((pair) => split(pair, flag)));
}

/** `key=value` words, and single words as keys with an empty value. */
export function parseTags(words: readonly string[], flag: string): Record<string, string> {
  return parseTexts(
    words.map((word) => (word === "" || word.includes("=") ? word : `${word}=`)),
    flag,
  );
}

const numeral = /^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/;

/** `true`, `false`, `null`, numbers and bracketed JSON as what they are, everything else as text. */
export function parseValue(text: string): unknown {
  if (text === "true") return true;
  if (text === "false") return false;
  if (text === "null") return null;
  if (numeral.test(text)) {
    const number = Number(text);
    // What a number cannot hold exactly stays text: an account's id must not be rounded.
    const exact = Number.isFinite(number) && (!Number.isInteger(number) || Number.isSafeInteger(number));
    return exact ? number : text;
  }
  if (/^\[.*\]$|^\{.*\}$/s.test(text)) {
    try {
      return JSON.parse(text);
    } catch {
      return text;
    }
  }
  return text;
}

function split(pair: string, flag: string): [string, string] {
  const at = pair.indexOf("=");
  if (at < 1) throw new UsageError(`'${flag} ${pair}' has no key: expected ${flag} key=value.`);
  return [pair.slice(0, at), pair.slice(at + 1)];
}
