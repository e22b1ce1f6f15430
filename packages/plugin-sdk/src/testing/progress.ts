import type { ProgressEvent } from "@dockersnap/contract/words";
import { ProgressReporter } from "../progress.ts";

/** Progress that keeps what it was told. */
export class RecordedProgress extends ProgressReporter {
  readonly #events: ProgressEvent[];

  constructor() {
    const events: ProgressEvent[] = [];
    super("handler", (event) => events.push(event));
    this.#events = events;
  }

  /** In order, as they would go over the wire. */
  events(): readonly ProgressEvent[] {
    return this.#events;
  }

  /** The name of the step last told of; undefined before any. */
  lastStep(): string | undefined {
    return this.#events.at(-1)?.step;
  }
}

/** Progress of a handler that is about to be called. */
export const newProgress = (): RecordedProgress => new RecordedProgress();
