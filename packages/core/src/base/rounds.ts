import type { Clock } from "./clock.ts";

/** Does the same now and again, each time so long after the last one ended. `round` never rejects. */
export class Rounds {
  readonly #clock: Clock;
  readonly #intervalMs: number;
  readonly #round: () => Promise<void> | void;
  #cancel = () => {};
  #stopped = false;

  constructor(clock: Clock, intervalMs: number, round: () => Promise<void> | void) {
    this.#clock = clock;
    this.#intervalMs = intervalMs;
    this.#round = round;
  }

  start(): void {
    void this.#go();
  }

  stop(): void {
    this.#stopped = true;
    this.#cancel();
  }

  async #go(): Promise<void> {
    await this.#round();
    if (!this.#stopped) this.#cancel = this.#clock.after(this.#intervalMs, () => void this.#go());
  }
}
