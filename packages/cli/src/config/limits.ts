import type { Limits } from "@dockersnap/contract/words";
import { UsageError } from "../failure.ts";

const units: Record<string, number> = { "": 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3, t: 1024 ** 4 };

export interface LimitWords {
  readonly memory: string | undefined;
  readonly cpus: string | undefined;
  readonly pids: string | undefined;
}

/** Undefined when none is given. Whether a number is in range is the daemon's to say. */
export function parseLimits({ memory, cpus, pids }: LimitWords): Limits | undefined {
  if (memory === undefined && cpus === undefined && pids === undefined) return undefined;
  return {
    ...(memory === undefined ? {} : { memory: parseSize(memory) }),
    ...(cpus === undefined ? {} : { cpus: parseNumber(cpus, "--cpus") }),
    ...(pids === undefined ? {} : { pids: parseNumber(pids, "--pids") }),
  };
}

function parseSize(text: string): number {
  const [, number, unit] = /^(\d+(?:\.\d+)?)([kmgt]?)(?:i?b)?$/i.exec(text) ?? [];
  const factor = units[unit?.toLowerCase() ?? "?"];
  if (number === undefined || factor === undefined) {
    throw new UsageError(`'--memory ${text}' is not a size: expected one such as 512m or 2g.`);
  }
  return Math.round(Number(number) * factor);
}

function parseNumber(text: string, flag: string): number {
  if (!/^\d+(\.\d+)?$/.test(text)) throw new UsageError(`'${flag} ${text}' is not a number.`);
  return Number(text);
}
