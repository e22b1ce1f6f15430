import type { Log } from "@dockersnap/core";

const kept = 10;

/** Takes a plugin's log lines and keeps those that look like structured ones and are none. */
export function collectingLog(): Log & { readonly malformed: string[] } {
  const malformed: string[] = [];
  const take = (message: string, fields: Record<string, unknown> = {}) => {
    const isRaw = fields.raw === true;
    if (isRaw && message.trimStart().startsWith("{") && malformed.length < kept) malformed.push(message);
  };
  const log = { malformed, debug: take, info: take, warn: take, error: take, child: () => log };
  return log;
}
