import { oneLine } from "./printable.ts";

/** Columns aligned by two blanks, with a head. No rows give just the head. */
export function table(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  bold: (text: string) => string,
): string {
  const clean = rows.map((row) => row.map(oneLine));
  const widths = head.map((title, column) => Math.max(title.length, ...clean.map((row) => width(row[column] ?? ""))));
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, column) => cell + " ".repeat((widths[column] ?? 0) - width(cell)))
      .join("  ")
      .trimEnd();
  return `${[bold(line(head)), ...clean.map(line)].join("\n")}\n`;
}

/** Pairs, one a line, the second column aligned. Pairs without a value are left out. */
export function fields(
  pairs: readonly (readonly [string, string | undefined])[],
  bold: (text: string) => string,
): string {
  const shown = pairs.flatMap(([name, value]): [string, string][] =>
    value === undefined || value === "" ? [] : [[oneLine(name), value]],
  );
  const widest = Math.max(0, ...shown.map(([name]) => width(name)));
  return shown.map(([name, value]) => `${bold(name + " ".repeat(widest - width(name)))}  ${oneLine(value)}\n`).join("");
}

function width(text: string): number {
  return [...text].length;
}
