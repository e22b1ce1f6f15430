/** Reading what an API server sent, of which nothing is taken for granted: what is not there, or of another type, is empty. */
const at = (value: unknown, path: readonly string[]): unknown =>
  path.reduce<unknown>(
    (inner, key) =>
      typeof inner === "object" && inner !== null && Object.hasOwn(inner, key)
        ? (inner as Record<string, unknown>)[key]
        : undefined,
    value,
  );

export function textOf(value: unknown, ...path: readonly string[]): string {
  const found = at(value, path);
  return typeof found === "string" ? found : "";
}

export function numberOf(value: unknown, ...path: readonly string[]): number {
  const found = at(value, path);
  return typeof found === "number" && Number.isFinite(found) ? found : 0;
}

export function isTrue(value: unknown, ...path: readonly string[]): boolean {
  return at(value, path) === true;
}

export function isThere(value: unknown, ...path: readonly string[]): boolean {
  return at(value, path) !== undefined && at(value, path) !== null;
}

export function listOf(value: unknown, ...path: readonly string[]): unknown[] {
  const found = at(value, path);
  return Array.isArray(found) ? found : [];
}

/** An RFC 3339 time in milliseconds since the epoch; undefined where there is none. */
export function timeOf(value: unknown, ...path: readonly string[]): number | undefined {
  const time = Date.parse(textOf(value, ...path));
  return Number.isNaN(time) ? undefined : time;
}

/** The condition of this type among `status.conditions`. */
export function conditionOf(value: unknown, type: string): unknown {
  return listOf(value, "status", "conditions").find((condition) => textOf(condition, "type") === type);
}
