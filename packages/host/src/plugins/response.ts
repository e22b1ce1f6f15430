import type * as z from "zod";
import { bounds, megabytes } from "./bounds.ts";
import { parseLeniently } from "./lenient-json.ts";

/** Collects a command's one answer, up to the bound. */
export class ResponseReader {
  readonly #chunks: Buffer[] = [];
  #length = 0;

  /** The answer is the reason to stop the plugin. */
  push(chunk: Buffer): string | undefined {
    this.#length += chunk.length;
    if (this.#length > bounds.response) return `answered with more than ${megabytes(bounds.response)}`;
    this.#chunks.push(chunk);
    return undefined;
  }

  bytes(): Buffer {
    return Buffer.concat(this.#chunks);
  }
}

export type Parsed<T> = { readonly value: T } | { readonly problem: string };

const quotedLength = 200;

/**
 * An answer in its shape, or what is wrong with it as the end of a sentence about the plugin. `additions` are optional fields
 * that not every daemon knows: a plugin made for another may mean something else by them, and then they count as not there.
 */
export function parseResponse<S extends z.ZodType>(
  shape: S,
  bytes: Buffer,
  additions: readonly string[] = [],
): Parsed<z.infer<S>> {
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes).trim();
  } catch {
    // What cannot be decoded may be a certificate or a password; a replacement character in it would be found much later.
    return { problem: "answered with bytes that are not valid UTF-8" };
  }
  if (text === "") return { problem: "answered nothing on stdout" };
  let value: unknown;
  try {
    value = parseLeniently(text);
  } catch {
    return { problem: `answered with something that is not JSON: ${quote(text)}` };
  }
  const first = shape.safeParse(value);
  const parsed = first.success ? first : shape.safeParse(without(value, foreign(first.error, additions)));
  if (parsed.success) return { value: parsed.data };
  const faults = parsed.error.issues.slice(0, 5).map(({ path, message }) => {
    const place = path.map(String).join(".");
    return place === "" ? message : `${place}: ${message}`;
  });
  return { problem: `answered in a shape the contract does not have (${faults.join("; ")})` };
}

const foreign = ({ issues }: z.ZodError, additions: readonly string[]) =>
  additions.filter((field) => issues.some(({ path }) => path[0] === field));

function without(value: unknown, fields: readonly string[]): unknown {
  if (fields.length === 0 || typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).filter(([field]) => !fields.includes(field)));
}

const quote = (text: string) => JSON.stringify(text.length > quotedLength ? `${text.slice(0, quotedLength)}…` : text);
