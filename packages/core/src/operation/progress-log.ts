import type { ProgressEvent } from "@dockersnap/contract/words";

/**
 * The progress of one operation from its first event on. Whoever follows reads at a pace of its own from the same list,
 * so a slow reader neither loses an event nor holds up the one who writes.
 */
export class ProgressLog {
  readonly #events: ProgressEvent[] = [];
  readonly #waiting = new Set<() => void>();
  #ended = false;

  push(event: ProgressEvent): void {
    if (this.#ended) return;
    this.#events.push(event);
    this.#wake();
  }

  /** The last event; what comes after it is dropped. */
  end(event: ProgressEvent): void {
    this.push(event);
    this.#ended = true;
    this.#wake();
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
        await this.#more(signal);
      }
    }
  }

  #more(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        this.#waiting.delete(wake);
        signal.removeEventListener("abort", wake);
        resolve();
      };
      this.#waiting.add(wake);
      signal.addEventListener("abort", wake, { once: true });
    });
  }

  #wake(): void {
    for (const wake of [...this.#waiting]) wake();
  }
}
