import type { DaemonEvent } from "@dockersnap/contract/words";
import { type Clock, type EventSink, type NewEvent, WakeUps } from "@dockersnap/core";

/** Events kept for those who come back with a `Last-Event-ID`. */
const kept = 4_096;

/**
 * What happened in this daemon, numbered. Every follower reads from the same bounded history at its own pace; one that
 * falls behind by more than is kept goes on with the oldest there is, and sees the gap in the numbers.
 */
export class EventHub implements EventSink {
  readonly #clock: Clock;
  readonly #events: DaemonEvent[] = [];
  readonly #changes = new WakeUps();
  #lastId: number;

  /** Ids go on from the time of start, so that an id of an earlier daemon is never one of this one's. */
  constructor(clock: Clock) {
    this.#clock = clock;
    this.#lastId = clock.now().getTime();
  }

  publish(event: NewEvent): void {
    this.#lastId += 1;
    this.#events.push({ id: this.#lastId, at: this.#clock.now().toISOString(), ...event });
    if (this.#events.length > kept) this.#events.shift();
    this.#changes.wake();
  }

  /**
   * Events after `afterId`, or only those to come without it. Ends when `signal` aborts. An id that no event has had yet is
   * of a daemon whose clock was ahead: what followed it is not known, so that is said and everything kept is sent.
   */
  async *follow(afterId: number | undefined, signal: AbortSignal): AsyncGenerator<DaemonEvent, void, void> {
    let last = afterId ?? this.#lastId;
    if (last > this.#lastId) {
      last = (this.#events[0]?.id ?? this.#lastId + 1) - 1;
      yield { id: last, at: this.#clock.now().toISOString(), type: "events.reset" };
    }
    while (!signal.aborted) {
      const next = this.#events.find((event) => event.id > last);
      if (next === undefined) {
        await this.#changes.next(signal);
      } else {
        last = next.id;
        yield next;
      }
    }
  }
}
