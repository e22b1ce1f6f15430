/** Colours and cursor movements of a terminal. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: an escape sequence begins with one.
const escapeSequence = /\u001b(?:\[[0-?]*[ -/]*[@-~]|.)/g;

/** One line for people: without control characters and pictures, and no longer than `longest`. */
export function plainText(text: string, longest: number): string {
  const plain = text
    // Whatever is cut off later need not be looked at.
    .slice(0, longest * 4)
    .replace(escapeSequence, "")
    .replace(/[\p{Cc}\p{Cf}\p{Extended_Pictographic}\p{Variation_Selector}]+/gu, " ")
    .replace(/ {2,}/g, " ")
    .trim();
  return plain.length > longest ? `${plain.slice(0, longest - 1)}…` : plain;
}
