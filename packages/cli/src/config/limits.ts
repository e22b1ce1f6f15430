import type { Limits } from "@dockersnap/contract/words";
import { UsageError } from "../failure.ts";
import { bytesOf } from "./size.ts";

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
  const bytes = bytesOf(text);
  if (bytes === undefined) throw new UsageError(`'--memory ${text}' is not a size: expected one such as 512m or 2g.`);
  return bytes;
}

function parseNumber(text: string, flag: string): number {
  if (!/^\d+(\.\d+)?$/.test(text)) throw new UsageError(`'${flag} ${text}' is not a number.`);
  return Number(text);
}
