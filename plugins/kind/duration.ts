/** Seconds in one of each unit, as Go's durations write them. */
const units = { ns: 1e-9, us: 1e-6, µs: 1e-6, μs: 1e-6, ms: 1e-3, s: 1, m: 60, h: 3600 } as const;

const part = /(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h)/g;

/** A duration such as `90s`, `5m` or `1h2m3.5s`, in whole seconds, rounded up; undefined for any other text. */
export function parseDuration(text: string): number | undefined {
  const parts = [...text.matchAll(part)];
  if (parts.length === 0 || parts.map(([whole]) => whole).join("") !== text) return text === "0" ? 0 : undefined;
  return Math.ceil(
    parts.reduce((sum, [, amount, unit]) => sum + Number(amount) * units[unit as keyof typeof units], 0),
  );
}

/** As `parseDuration`, of a text that `validate` has taken. */
export function secondsOf(text: string): number {
  const seconds = parseDuration(text);
  if (seconds === undefined)
    throw new Error(`'wait_timeout' is a duration such as 90s or 5m, got ${JSON.stringify(text)}.`);
  return seconds;
}
