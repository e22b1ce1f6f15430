/** What `ip -j` and `nft -j` print, read without trusting its shape. */
export type Fields = Readonly<Record<string, unknown>>;

/** The value as an object; empty when it is not one. */
export function fields(value: unknown): Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Fields) : {};
}

/** The value as an array; empty when it is not one. */
export function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
