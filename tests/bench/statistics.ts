/** Of one quantity over all its runs, in the quantity's own unit. */
export interface Summary {
  readonly runs: number;
  readonly median: number;
  readonly p95: number;
  readonly values: readonly number[];
}

/** `p95` is the value no more than one in twenty runs was above; of few runs it is the largest. */
export function summarize(values: readonly number[]): Summary {
  return { runs: values.length, median: median(values), p95: quantile(values, 0.95), values: values.map(round) };
}

export function median(values: readonly number[]): number {
  const sorted = ascending(values);
  const middle = sorted.length / 2;
  const [low, high] = [sorted[Math.ceil(middle) - 1], sorted[Math.floor(middle)]];
  return low === undefined || high === undefined ? Number.NaN : round((low + high) / 2);
}

function quantile(values: readonly number[], part: number): number {
  const sorted = ascending(values);
  return round(sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * part) - 1)] ?? Number.NaN);
}

const ascending = (values: readonly number[]) => values.toSorted((a, b) => a - b);

/** To what a stopwatch can tell. */
function round(value: number): number {
  return Math.round(value * 100) / 100;
}
