/** Where a plugin's own values begin; what is null there says something. */
const ownValues = new Set(["config", "details", "attrs", "default"]);

/** Deeper nesting than any answer needs; what walks a value later must not run out of stack. */
const deepest = 100;

/**
 * Parse what a plugin wrote. A field that is null counts as one that is not there: plugins in Python write it so for what
 * they leave out. Throws `SyntaxError`, also for values nested too deep.
 */
export function parseLeniently(text: string): unknown {
  return withoutNulls(JSON.parse(text), { depth: 0, keepNulls: false });
}

function withoutNulls(value: unknown, at: { depth: number; keepNulls: boolean }): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (at.depth > deepest) throw new SyntaxError("nested too deep");
  const inside = (key: string) => ({ depth: at.depth + 1, keepNulls: at.keepNulls || ownValues.has(key) });
  if (Array.isArray(value)) return value.map((item) => withoutNulls(item, inside("")));
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, field]) =>
      field === null && !at.keepNulls ? [] : [[key, withoutNulls(field, inside(key))]],
    ),
  );
}
