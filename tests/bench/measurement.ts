import type { Summary } from "./statistics.ts";

/** What the project wants of a quantity. */
export type Aim =
  /** Our median is at most this many times the floor's. */
  | { readonly kind: "times the floor"; readonly atMost: number }
  /** Our median over the floor's is at least this. */
  | { readonly kind: "share of the floor"; readonly atLeast: number }
  /** Our median is at most this much above the floor's. */
  | { readonly kind: "above the floor"; readonly atMost: number }
  /** Our worst is at most this. */
  | { readonly kind: "at most"; readonly atMost: number }
  /** So are our best nineteen in twenty. */
  | { readonly kind: "p95 at most"; readonly atMost: number };

/** One line of the table. */
export interface Measurement {
  readonly name: string;
  readonly unit: "ms" | "MB/s" | "%" | "MB" | "requests";
  readonly ours: Summary;
  readonly floor?: Summary;
  readonly aim?: Aim;
  /** Medians of our operation's own steps, in milliseconds. */
  readonly steps?: Readonly<Record<string, number>>;
  /** What else was seen. */
  readonly notes?: readonly string[];
}

/** What the aim is about, as measured: a ratio, a difference, or our own worst. */
export function measured({ ours, floor, aim }: Measurement): number {
  switch (aim?.kind) {
    case "at most":
      return Math.max(...ours.values);
    case "p95 at most":
      return ours.p95;
    case "above the floor":
      return ours.median - (floor?.median ?? 0);
    default:
      return ours.median / (floor?.median ?? Number.NaN);
  }
}

/** Undefined where nothing is aimed at. */
export function isMet(measurement: Measurement): boolean | undefined {
  const { aim } = measurement;
  if (aim === undefined) return undefined;
  return aim.kind === "share of the floor" ? measured(measurement) >= aim.atLeast : measured(measurement) <= aim.atMost;
}
