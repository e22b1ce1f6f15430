/** Time as the core sees it. */
export interface Clock {
  now(): Date;
  /** Milliseconds that only grow, for durations. */
  monotonic(): number;
  /** Time since the machine came up, sleep included; `boot` is another word after each boot. */
  sinceBoot(): { readonly boot: string; readonly ms: number };
  /** Call `work` once after `ms`; the returned function calls it off. Never keeps the process alive. */
  after(ms: number, work: () => void): () => void;
}
