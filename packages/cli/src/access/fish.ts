import type { Dialect } from "./dialect.ts";

/**
 * fish splits a substitution at line ends only and expands nothing in it, so those and the other control characters are
 * written as escapes, and the rest stands between single quotes.
 */
export const fish: Dialect = {
  export: (name, value) => `set -gx ${name} ${quoted(value)};`,
  unset: (name) => `set -e ${name};`,
  // Whatever is assigned is text, and what cannot be set is refused by its name before.
  guarded: (_names, statements) => statements,
};

function quoted(value: string): string {
  if (value === "") return "''";
  // Every character at an odd place of the split is a control character.
  return value
    .split(/(\p{Cc})/u)
    .map((part, index) => (index % 2 === 1 ? escaped(part) : part === "" ? "" : `'${part.replace(/[\\']/g, "\\$&")}'`))
    .join("");
}

/** `\u` takes four digits and stands for a character, where `\x` above 7f would stand for a byte. */
function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}
