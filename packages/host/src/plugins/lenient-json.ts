/** Where a plugin's own values begin; what is null there says something. */
const ownValues = new Set(["config", "details", "attrs", "default"]);

/** Deeper nesting than any answer needs; what walks a value later must not run out of stack. */
const deepest = 100;

const [quote, backslash, openBracket, closeBracket, openBrace, closeBrace] = [0x22, 0x5c, 0x5b, 0x5d, 0x7b, 0x7d];

/**
 * Parse what a plugin wrote. A field that is null counts as one that is not there: plugins in Python write it so for what
 * they leave out. Throws `SyntaxError`, also for values nested too deep.
 */
export function parseLeniently(text: string): unknown {
  // Looked at before: for megabytes of brackets the parser takes its time and a hundred times their memory.
  if (isTooDeep(text)) throw new SyntaxError("nested too deep");
  return withoutNulls(JSON.parse(text), false);
}

function isTooDeep(text: string): boolean {
  let depth = 0;
  let isInString = false;
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (isInString) {
      if (code === backslash) index += 1;
      else if (code === quote) isInString = false;
    } else if (code === quote) isInString = true;
    else if (code === openBracket || code === openBrace) {
      depth += 1;
      if (depth > deepest) return true;
    } else if (code === closeBracket || code === closeBrace) depth -= 1;
  }
  return false;
}

function withoutNulls(value: unknown, keepNulls: boolean): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map((item) => withoutNulls(item, keepNulls));
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, field]) =>
      field === null && !keepNulls ? [] : [[key, withoutNulls(field, keepNulls || ownValues.has(key))]],
    ),
  );
}
