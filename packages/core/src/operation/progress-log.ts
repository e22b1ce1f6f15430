import type { ProgressEvent } from "@dockersnap/contract/words";
import { WakeUps } from "../platform/wake-ups.ts";

/**
 * The progress of one operation from its first event on. Whoever follows reads at a pace of its own from the same list,
 * so a slow reader neither loses an event nor holds up the one who writes.
 */
export class ProgressLog {
  readonly #events: ProgressEvent[] = [];
  readonly #changes = new WakeUps();
  #ended = false;

  push(event: ProgressEvent): void {
    if (this.#ended) return;
    this.#events.push(event);
    this.#changes.wake();
  }

  /** The last event; what comes after it is dropped. */
  end(event: ProgressEvent): void {
    this.push(event);
    this.#ended = true;
    this.#changes.wake();
  }

  /** Every event from the first to the terminal one. Ends early, without an error, when `signal` aborts. */
  async *follow(signal: AbortSignal): AsyncGenerator<ProgressEvent, void, void> {
    let next = 0;
    while (!signal.aborted) {
      const event = this.#events[next];
      if (event !== undefined) {
        next += 1;
        yield event;
      } else if (this.#ended) {
        return;
      } else {
        await this.#changes.next(signal);
      }
    }
  }
}
