import type { Limits, LimitsChange } from "@dockersnap/contract/words";
import { UsageError } from "../failure.ts";
import { text } from "../options.ts";
import { bytesOf } from "./size.ts";

/** The options by which an instance is bounded. */
export const limitOptions = {
  memory: text("size", "Memory limit, such as 512m or 2g"),
  cpus: text("number", "CPU limit, such as 1.5"),
  pids: text("number", "Limit on processes and threads"),
  disk: text("size", "Disk limit: data written on top of what it began with, such as 20g"),
};

export type LimitWords = Readonly<Record<keyof typeof limitOptions, string | undefined>>;

/** Undefined when none is given. Whether a number is in range is the daemon's to say. */
export function parseLimits(words: LimitWords): Limits | undefined {
  const entries = given(words).map(([name, word]) => [name, bound(name, word)] as const);
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}

/** As `parseLimits`, where `none` takes a bound away. */
export function parseLimitsChange(words: LimitWords): LimitsChange | undefined {
  const entries = given(words).map(([name, word]) => [name, word === "none" ? null : bound(name, word)] as const);
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}

function given({ memory, cpus, pids, disk }: LimitWords) {
  return Object.entries({ memory, cpus, pids, disk }).filter(
    (entry): entry is [keyof Limits, string] => entry[1] !== undefined,
  );
}

function bound(name: keyof Limits, word: string): number {
  return name === "memory" || name === "disk" ? parseSize(word, `--${name}`) : parseNumber(word, `--${name}`);
}

function parseSize(word: string, flag: string): number {
  const bytes = bytesOf(word);
  if (bytes === undefined) throw new UsageError(`'${flag} ${word}' is not a size: expected one such as 512m or 2g.`);
  return bytes;
}

function parseNumber(word: string, flag: string): number {
  if (!/^\d+(\.\d+)?$/.test(word)) throw new UsageError(`'${flag} ${word}' is not a number.`);
  return Number(word);
}
