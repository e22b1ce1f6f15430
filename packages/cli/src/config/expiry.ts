import { UsageError } from "../failure.ts";

const units: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 };

/** A time the daemon understands, or null for `never`. Spans are counted from now, by this machine's clock. `said` is what was typed. */
export function parseExpiry(text: string, said: string, now = Date.now()): string | null {
  if (text === "never") return null;
  const span = spanMs(text);
  const time = span === undefined ? timeOf(text) : now + span;
  if (time !== undefined && Math.abs(time) <= 8.64e15) return new Date(time).toISOString();
  throw new UsageError(
    `'${said}' is no time: expected a span such as 12h or 7d, a time such as 2026-12-24T18:00:00Z, or never.`,
  );
}

function spanMs(text: string): number | undefined {
  if (!/^(\d{1,9}[smhdw])+$/.test(text)) return undefined;
  const parts = [...text.matchAll(/(\d+)([smhdw])/g)];
  return parts.reduce((sum, [, amount, unit]) => sum + Number(amount) * (units[unit ?? ""] ?? 0), 0);
}

/** With its zone, or it would mean something else on another machine. */
function timeOf(text: string): number | undefined {
  if (!/^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d))?$/.test(text)) return undefined;
  const time = Date.parse(text);
  return Number.isNaN(time) ? undefined : time;
}
