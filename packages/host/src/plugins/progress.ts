import { ErrorEnvelope, ProgressEvent } from "@dockersnap/contract";
import type { Log } from "@dockersnap/core";
import { bounds, megabytes } from "./bounds.ts";
import { type Frame, LineFramer } from "./framing.ts";
import { parseLeniently } from "./lenient-json.ts";

/** Lines that are no events are told in the log up to this many, and up to this many characters each. */
const toldLines = 20;
const toldLength = 500;

const noEvent = "the plugin wrote a line that is no progress event";

/**
 * Reads a streaming command's stdout: events go out in order as they come, everything else goes to the log and changes
 * nothing about how the command ends.
 */
export class ProgressReader {
  readonly #log: Log;
  readonly #onProgress: (event: ProgressEvent) => void;
  readonly #framer = new LineFramer(bounds.progressLine);
  /** What was no event: it may be an error envelope over several lines. */
  readonly #other: string[] = [];
  #otherLength = 0;
  readonly #unjudged: string[] = [];
  #strayLines = 0;
  #seen = 0;
  #events = 0;
  #lines = 0;
  #isComplete = false;
  #lastError: string | undefined;
  #fault: { readonly error: unknown } | undefined;

  constructor(log: Log, onProgress: (event: ProgressEvent) => void) {
    this.#log = log;
    this.#onProgress = onProgress;
  }

  /** Message of the last event that told an error. */
  get lastError(): string | undefined {
    return this.#lastError;
  }

  /** What `onProgress` threw; the plugin was stopped for it. */
  get fault(): { readonly error: unknown } | undefined {
    return this.#fault;
  }

  /** What was written besides events. */
  get otherOutput(): string {
    return this.#other.join("\n");
  }

  /** The answer is the reason to stop the plugin. */
  push(chunk: Buffer): string | undefined {
    this.#seen += chunk.length;
    for (const frame of this.#framer.push(chunk)) {
      if (frame.truncated) return `wrote a line of progress longer than ${megabytes(bounds.progressLine)}`;
      this.#lines += 1;
      if (this.#lines > bounds.progressLines) return `wrote more than ${bounds.progressLines} lines of progress`;
      this.#take(frame);
      if (this.#fault !== undefined) return "could not be listened to";
      if (this.#events > bounds.progressEvents) return `told more than ${bounds.progressEvents} steps of progress`;
    }
    return this.#seen > bounds.progress ? `wrote more than ${megabytes(bounds.progress)} of progress` : undefined;
  }

  end(): void {
    const last = this.#framer.end();
    if (last !== undefined && this.#fault === undefined) this.#take(last);
    if (parseEnvelope(this.#unjudged.join("\n")) === undefined) {
      for (const line of this.#unjudged) this.#tell(noEvent, line);
    }
    if (this.#strayLines > toldLines) {
      this.#log.warn("more of the plugin's output was no progress event", { lines: this.#strayLines - toldLines });
    }
  }

  #take({ bytes }: Frame): void {
    const line = bytes.toString("utf8").trim();
    if (line === "") return;
    const event = parseEvent(line);
    if (event === undefined) this.#setAside(line);
    else if (this.#isComplete && isEnd(event)) {
      // An SDK that says it once more for its author does no harm, at every call.
      this.#log.debug("the plugin said complete again");
    } else if (this.#isComplete) this.#tell("the plugin wrote progress after 'complete'", line);
    else this.#emit(event);
  }

  #emit(event: ProgressEvent): void {
    this.#events += 1;
    if (this.#events > bounds.progressEvents) return;
    if (isEnd(event)) this.#isComplete = true;
    if (event.status === "error") this.#lastError = event.message || event.step;
    try {
      this.#onProgress(event);
    } catch (error) {
      this.#fault = { error };
    }
  }

  #setAside(line: string): void {
    const isKept = this.#otherLength + line.length <= bounds.keptStderr;
    if (isKept) {
      this.#other.push(line);
      this.#otherLength += line.length;
    }
    // Some SDKs write an error envelope over several lines; whether it is one shows at its end.
    if (isKept && (this.#unjudged.length > 0 || line === "{")) this.#unjudged.push(line);
    else if (parseEnvelope(line) === undefined) this.#tell(noEvent, line);
  }

  #tell(remark: string, line: string): void {
    this.#strayLines += 1;
    if (this.#strayLines <= toldLines) this.#log.warn(remark, { line: line.slice(0, toldLength) });
  }
}

const isEnd = ({ step, status }: ProgressEvent) => step === "complete" && status === "done";

/** A line as the event it is, or undefined. */
export function parseEvent(line: string): ProgressEvent | undefined {
  const value = parseObject(line);
  if (value === undefined) return undefined;
  const event = ProgressEvent.safeParse(value);
  if (event.success) return event.data;
  // `percent` is an addition of ours: one that means something else costs the event nothing.
  const { percent: _, ...rest } = value;
  return ProgressEvent.safeParse(rest).data;
}

/** The error a failing command left on stdout, if that is what this text is. */
export function parseEnvelope(text: string): { error: string; details: string | undefined } | undefined {
  const value = parseObject(text);
  if (value === undefined) return undefined;
  const { details, ...rest } = value;
  const envelope = ErrorEnvelope.safeParse(rest);
  if (!envelope.success || envelope.data.error.trim() === "") return undefined;
  const said = typeof details === "string" ? details : details === undefined ? "" : JSON.stringify(details);
  return { error: envelope.data.error, details: said.trim() === "" ? undefined : said };
}

function parseObject(text: string): Record<string, unknown> | undefined {
  if (!text.startsWith("{")) return undefined;
  try {
    return parseLeniently(text) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}
