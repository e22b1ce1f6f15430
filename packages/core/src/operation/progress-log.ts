import type { ProgressEvent } from "@dockersnap/contract/words";
import { WakeUps } from "../base/wake-ups.ts";

/** How much of one operation's progress is kept, in characters of JSON: its beginning, and the newest. */
export interface ProgressBounds {
  readonly first: number;
  readonly last: number;
}

const defaultBounds: ProgressBounds = { first: 65_536, last: 196_608 };

interface Kept {
  readonly event: ProgressEvent;
  readonly size: number;
}

/**
 * The progress of one operation from its first event on. Whoever follows reads at a pace of its own from the same list,
 * so a slow reader holds up nobody. Of more than the bounds the first and the newest events stay, and an event in between
 * says how many were dropped.
 */
export class ProgressLog {
  readonly #bounds: ProgressBounds;
  readonly #first: Kept[] = [];
  readonly #last: Kept[] = [];
  readonly #changes = new WakeUps();
  #firstSize = 0;
  #lastSize = 0;
  /** Events that stood between the first and the last. */
  #dropped = 0;
  #ended = false;

  constructor(bounds: ProgressBounds = defaultBounds) {
    this.#bounds = bounds;
  }

  /** What is kept, in characters of JSON. */
  get size(): number {
    return this.#firstSize + this.#lastSize;
  }

  push(event: ProgressEvent): void {
    if (this.#ended) return;
    this.#keep({ event, size: JSON.stringify(event).length });
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
      const missed = next < this.#first.length ? 0 : this.#first.length + this.#dropped - next;
      if (missed > 0) {
        next += missed;
        yield gap(missed);
        continue;
      }
      const event = this.#at(next);
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

  #keep(kept: Kept): void {
    if (this.#last.length === 0 && this.#firstSize + kept.size <= this.#bounds.first) {
      this.#first.push(kept);
      this.#firstSize += kept.size;
      return;
    }
    this.#last.push(kept);
    this.#lastSize += kept.size;
    // The newest stays however large it is: those who follow live have not seen it yet.
    while (this.#lastSize > this.#bounds.last && this.#last.length > 1) {
      this.#lastSize -= this.#last.shift()?.size ?? 0;
      this.#dropped += 1;
    }
  }

  #at(index: number): ProgressEvent | undefined {
    const { length } = this.#first;
    return (index < length ? this.#first[index] : this.#last[index - length - this.#dropped])?.event;
  }
}

function gap(missed: number): ProgressEvent {
  return {
    step: "progress",
    status: "running",
    message: `${missed} events are no longer kept: of long progress the daemon keeps the beginning and the end.`,
    omitted: missed,
  };
}
