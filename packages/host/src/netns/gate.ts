/**
 * Lets any number of changes pass side by side, and a repair only while none is under way: it compares what is there with
 * what must be, and a change half done is neither.
 */
export class Gate {
  #passing = 0;
  #repair: Promise<unknown> | undefined;
  #lastEnd = Number.NEGATIVE_INFINITY;
  #waiting: (() => void)[] = [];
  readonly #closed: () => void;

  /** `closed` is called when the last change under way has ended. */
  constructor(closed: () => void) {
    this.#closed = closed;
  }

  async pass<T>(change: () => Promise<T>): Promise<T> {
    while (this.#repair !== undefined) await this.#repair;
    this.#passing += 1;
    try {
      return await change();
    } finally {
      this.#passing -= 1;
      this.#lastEnd = performance.now();
      if (this.#passing === 0) this.#allPassed();
    }
  }

  /** Whether a change is under way or ended less than this long ago. */
  isBusy(quietMs: number): boolean {
    return this.#passing > 0 || performance.now() - this.#lastEnd < quietMs;
  }

  async alone<T>(repair: () => Promise<T>): Promise<T> {
    while (this.#passing > 0 || this.#repair !== undefined) {
      await (this.#repair ?? new Promise<void>((resolve) => this.#waiting.push(resolve)));
    }
    const work = repair();
    this.#repair = work.then(
      () => undefined,
      () => undefined,
    );
    try {
      return await work;
    } finally {
      this.#repair = undefined;
    }
  }

  #allPassed(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const go of waiting) go();
    this.#closed();
  }
}
