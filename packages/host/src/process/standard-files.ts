import { closeSync, fstatSync, readSync, writeSync } from "node:fs";
import { openNamelessFile } from "./nameless-file.ts";

/** What a program has as its standard streams, open in this process; no input is an empty one. */
export interface Files {
  readonly input: number | undefined;
  readonly output: number;
  readonly errors: number;
}

/** Undefined where there is no room for them. */
export function openFiles(text: string | undefined): Files | undefined {
  const open: number[] = [];
  try {
    const file = (contents: string) => fileWith(contents, open);
    return { output: file(""), errors: file(""), input: text === undefined ? undefined : file(text) };
  } catch {
    for (const file of open) closeSync(file);
    return undefined;
  }
}

export function closeFiles({ input, output, errors }: Files): void {
  for (const file of [input, output, errors]) if (file !== undefined) closeSync(file);
}

function fileWith(text: string, open: number[]): number {
  const file = openNamelessFile();
  open.push(file);
  if (text !== "") writeSync(file, text);
  return file;
}

/** Where another process of this user opens it. */
export const pathOf = (file: number | undefined) =>
  file === undefined ? "/dev/null" : `/proc/${process.pid}/fd/${file}`;

/** Undefined when it is longer than is kept. */
export function contents(file: number, longest: number): string | undefined {
  const { size } = fstatSync(file);
  if (size > longest) return undefined;
  const bytes = Buffer.alloc(size);
  return bytes.toString("utf8", 0, readSync(file, bytes, 0, size, 0));
}
