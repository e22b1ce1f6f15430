/**
 * Control characters, C1 ones included, and the marks that reorder text: what others wrote must not move the cursor, recolour
 * the terminal or show itself in another order than it has.
 */
const unprintable = /(?![\n\t])\p{Cc}|[\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;

/** Text from elsewhere, safe to show on a terminal; lines and tabs stay. */
export function printable(text: string): string {
  return text.replace(unprintable, "\ufffd");
}

/** The same, on one line. */
export function oneLine(text: string): string {
  return printable(text.trim().replace(/\s*[\r\n]\s*/g, " "));
}

/** Pretty JSON with every control character escaped: `JSON.stringify` lets those above U+007E through. */
export function jsonText(value: unknown): string {
  return JSON.stringify(value, null, 2).replace(
    /[\u007f-\u009f]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
