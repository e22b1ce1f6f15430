import type { ProgressLog } from "./progress-log.ts";

/** How much of what ended operations told is kept. */
const most = { logs: 100, size: 8 * 1_048_576 };

/** The progress of operations that have ended, as long as there is room for it: the oldest goes first. */
export class EndedLogs {
  readonly #logs = new Map<string, ProgressLog>();
  #size = 0;

  get(operation: string): ProgressLog | undefined {
    return this.#logs.get(operation);
  }

  /** Keep one that has had its last event. */
  add(operation: string, log: ProgressLog): void {
    this.#logs.set(operation, log);
    this.#size += log.size;
    for (const [oldest, { size }] of this.#logs) {
      if (this.#logs.size <= most.logs && this.#size <= most.size) return;
      this.#logs.delete(oldest);
      this.#size -= size;
    }
  }
}
