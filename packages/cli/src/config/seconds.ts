import { UsageError } from "../failure.ts";

/** A time to wait, from whole seconds as they were written. */
export function parseSeconds(
  given: string,
  { least, most }: { readonly least: number; readonly most: number },
): number {
  const seconds = Number(given);
  if (/^\d+$/.test(given) && seconds >= least && seconds <= most) return seconds;
  throw new UsageError(`'${given}' is no time to wait: expected whole seconds from ${least} to ${most}.`);
}

/** How long a snapshot that is tried out may take to be well. */
export function parseVerifyTimeout(given: string): { timeout_ms: number } {
  return { timeout_ms: parseSeconds(given, { least: 1, most: 3_600 }) * 1000 };
}
