import type { Clock } from "../../src/base/clock.ts";

interface Planned {
  readonly at: number;
  readonly work: () => void;
}

/** Time that passes only when a test says so. */
export class ManualClock implements Clock {
  #start: number;
  #elapsed = 0;
  #planned: Planned[] = [];
  #boot = 1;
  #bootedAt = 0;
  #slept = 0;

  constructor(start = "2026-01-01T00:00:00.000Z") {
    this.#start = Date.parse(start);
  }

  now(): Date {
    return new Date(this.#start + this.#elapsed);
  }

  monotonic(): number {
    return this.#elapsed;
  }

  sinceBoot(): { boot: string; ms: number } {
    return { boot: `boot-${this.#boot}`, ms: this.#elapsed + this.#slept - this.#bootedAt };
  }

  after(ms: number, work: () => void): () => void {
    const planned = { at: this.#elapsed + Math.max(0, ms), work };
    this.#planned.push(planned);
    return () => {
      this.#planned = this.#planned.filter((other) => other !== planned);
    };
  }

  /** Set the time of day, as an operator does: no time passes by it. */
  set(time: string): void {
    this.#start = Date.parse(time) - this.#elapsed;
  }

  /** The machine sleeps: the time of day goes on, and what measures durations stands still. */
  sleep(ms: number): void {
    this.#start += ms;
    this.#slept += ms;
  }

  /** The machine is down for so long. */
  reboot(ms: number): void {
    this.#start += ms;
    this.#boot += 1;
    this.#bootedAt = this.#elapsed + this.#slept;
  }

  /** How much work is still to come. */
  get pending(): number {
    return this.#planned.length;
  }

  /** Let time pass: what falls due happens in its order, and what follows from it in promises settles in between. */
  async advance(ms: number): Promise<void> {
    const until = this.#elapsed + ms;
    await settled();
    for (let next = this.#nextUntil(until); next !== undefined; next = this.#nextUntil(until)) {
      this.#planned = this.#planned.filter((other) => other !== next);
      this.#elapsed = next.at;
      next.work();
      await settled();
    }
    this.#elapsed = until;
  }

  #nextUntil(until: number): Planned | undefined {
    const due = this.#planned.filter(({ at }) => at <= until);
    return due.reduce<Planned | undefined>(
      (first, each) => (first === undefined || each.at < first.at ? each : first),
      undefined,
    );
  }
}

/** A macrotask later, every promise that could settle has. */
const settled = () => new Promise<void>((resolve) => setImmediate(resolve));
