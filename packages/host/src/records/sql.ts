import type { SQLInputValue } from "node:sqlite";

/** Statements over columns this package names itself; values are always bound. */
export function insertInto(table: string, values: Record<string, SQLInputValue>): string {
  const columns = Object.keys(values);
  return `INSERT INTO ${table} (${columns.join(", ")}) VALUES (${columns.map((column) => `:${column}`).join(", ")})`;
}

export function assignments(values: Record<string, SQLInputValue>): string {
  return Object.keys(values)
    .map((column) => `${column} = :${column}`)
    .join(", ");
}
