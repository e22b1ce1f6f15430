import type { Dialect } from "./dialect.ts";
import { canBeSet } from "./posix-guard.ts";

/**
 * For sh, dash, bash, zsh. An unquoted `eval $(…)` splits the text at blanks and line ends, replaces whatever holds a glob
 * character by matching file names, and joins the words with single blanks before it parses anything. So no value is written
 * with such characters: they go through `printf %b` as octal escapes, which no shell touches until it runs the statement.
 */
export const posix: Dialect = {
  export(name, value) {
    if (plain.test(value)) return `export ${name}='${value}';`;
    // A substitution drops the line ends at its end, hence the dot. Backquotes, because zsh under GLOB_SUBST takes the
    // parentheses of $(…) for a pattern, and between quotes, because it would read a leading ~ too.
    return `${name}="\`printf %b '${escaped(value)}.'\`"; ${name}="\${${name}%.}"; export ${name};`;
  },
  unset: (name) => `unset ${name};`,
  guarded: (names, statements, otherwise) => [
    `if eval "\`printf %b '${escapedCode(canBeSet(names))}'\`"; then`,
    ...statements,
    "else",
    ...otherwise,
    "fi;",
  ],
};

/** No blank, quote, backslash, glob character or anything an extended glob begins with, in any of these shells. */
const plain = /^[A-Za-z0-9_./:@%+,=&;"$`{}\u0080-\u{10ffff}-]*$/u;

/** Of those, what is also nothing special between backquotes. */
const plainInBackquotes = /^[^$`"]*$/;

function escaped(value: string): string {
  return [...value]
    .map((character) => (plain.test(character) && plainInBackquotes.test(character) ? character : octal(character)))
    .join("");
}

/** Code of ours holds no two blanks in a row, so they come through as they are and it can still be read. */
const escapedCode = (code: string) => code.split(" ").map(escaped).join(" ");

function octal(character: string): string {
  return `\\0${character.charCodeAt(0).toString(8).padStart(3, "0")}`;
}
