import type { ProgressEvent } from "@dockersnap/contract/words";

/**
 * What a person sees while a command runs, live. `complete` or `fail` ends it, and whatever follows an end is left out; a
 * handler that returns without an end has completed, one that throws has failed.
 */
export interface Progress {
  /** A step begins, and is the current one. The step named `complete` is the same as calling `complete`. */
  step(name: string, message?: string, options?: { readonly percent?: number }): void;
  /** The current step is done. */
  done(message?: string): void;
  /** The current step failed, and the command with it: it exits with 1. */
  fail(message: string): void;
  /** Everything is done. */
  complete(message?: string): void;
}

/** Longer messages are cut, so that a line stays far below what a daemon reads. */
const longestMessage = 16_384;

/** Turns calls into the events of the contract, with exactly one end. */
export class ProgressReporter implements Progress {
  readonly #emit: (event: ProgressEvent) => void;
  #current: string;
  #end: "completed" | "failed" | undefined;

  /** `command` names the step that fails when none had begun. */
  constructor(command: string, emit: (event: ProgressEvent) => void) {
    this.#current = command;
    this.#emit = emit;
  }

  get failed(): boolean {
    return this.#end === "failed";
  }

  step(name: string, message?: string, options: { readonly percent?: number } = {}): void {
    if (name === "complete") {
      this.complete(message);
      return;
    }
    if (this.#end !== undefined) return;
    this.#current = name;
    this.#send("running", message, options.percent);
  }

  done(message?: string): void {
    if (this.#end === undefined) this.#send("done", message);
  }

  fail(message: string): void {
    if (this.#end !== undefined) return;
    this.#end = "failed";
    this.#send("error", message);
  }

  complete(message?: string): void {
    if (this.#end !== undefined) return;
    this.#end = "completed";
    this.#current = "complete";
    this.#send("done", message);
  }

  #send(status: ProgressEvent["status"], message?: string, percent?: number): void {
    this.#emit({
      step: this.#current,
      status,
      ...(message !== undefined && { message: message.slice(0, longestMessage) }),
      ...(percent !== undefined && { percent: Math.min(100, Math.max(0, percent)) }),
    });
  }
}
