import type { ProgressEvent } from "@dockersnap/contract/words";
import type { Sink } from "../io.ts";
import { jsonText, oneLine } from "./printable.ts";
import { span } from "./time.ts";

/** Shows how far an operation is. `end` is called once, whatever the end was. */
export interface ProgressView {
  event(event: ProgressEvent): void;
  /** A remark about the operation itself. */
  say(text: string): void;
  /** Leaves the terminal to someone else until `resume`. */
  pause(): void;
  resume(): void;
  end(): void;
}

export const noProgress: ProgressView = {
  event: () => undefined,
  say: () => undefined,
  pause: () => undefined,
  resume: () => undefined,
  end: () => undefined,
};

/** The daemon's own lines, for programs. */
export function ndjsonProgress(sink: Sink): ProgressView {
  return { ...noProgress, event: (event) => sink.write(`${jsonText(event)}\n`) };
}

/** One line a step with the time since the beginning, for logs; its end has one only where it says something new. */
export function lineProgress(sink: Sink, now: () => number = () => performance.now()): ProgressView {
  const began = now();
  const announced = new Set<string>();
  const line = (text: string) => sink.write(`[${span(now() - began)}] ${text}\n`);
  return {
    ...noProgress,
    event(event) {
      // The end has a line of its own: the result, or the error.
      if (isEnd(event)) return;
      const { step, status, message, percent } = event;
      if (status === "done" && message === undefined && announced.has(step)) return;
      announced.add(step);
      const what = status === "running" ? step : `${step} ${status}`;
      const share = percent === undefined ? "" : ` (${Math.round(percent)} %)`;
      line(oneLine(`${what}${message === undefined ? "" : `: ${message}`}${share}`));
    },
    say: (text) => line(oneLine(text)),
  };
}

export function isEnd(event: ProgressEvent): boolean {
  return (event.step === "complete" && event.status === "done") || (event.step === "error" && event.status === "error");
}
