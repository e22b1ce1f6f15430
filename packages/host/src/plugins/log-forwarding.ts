import { PluginLogLine } from "@dockersnap/contract";
import type { Log } from "@dockersnap/core";
import { bounds, type LogAllowance, logAllowances, megabytes } from "./bounds.ts";
import { type Frame, LineFramer } from "./framing.ts";
import { parseLeniently } from "./lenient-json.ts";

/**
 * Reads a plugin's stderr: every line goes to the daemon's log as it comes, and the end of it is kept for the message of a
 * failure.
 */
export class StderrReader {
  readonly #log: Log;
  readonly #allowance: LogAllowance;
  readonly #framer = new LineFramer(bounds.logLine);
  readonly #tail = new Tail(bounds.keptStderr);
  #seen = 0;
  #lines = 0;

  constructor(log: Log, allowance: LogAllowance = logAllowances.progress) {
    this.#log = log;
    this.#allowance = allowance;
  }

  /** The answer is the reason to stop the plugin. */
  push(chunk: Buffer): string | undefined {
    this.#seen += chunk.length;
    this.#tail.push(chunk);
    if (this.#isForwarding) for (const frame of this.#framer.push(chunk)) this.#forward(frame);
    return this.#seen > bounds.stderr ? `wrote more than ${megabytes(bounds.stderr)} to stderr` : undefined;
  }

  end(): void {
    const last = this.#framer.end();
    if (last !== undefined) this.#forward(last);
    if (!this.#isForwarding) {
      this.#log.warn(
        `the plugin logged more than ${megabytes(this.#allowance.bytes)} or ${this.#allowance.lines} lines; the rest was left out`,
      );
    }
  }

  /** What was said last, log lines reduced to their message. */
  words(): string {
    return this.#tail
      .lines()
      .map((line) => parseLogLine(line)?.msg ?? line)
      .join("\n")
      .trim();
  }

  get #isForwarding(): boolean {
    return this.#seen <= this.#allowance.bytes && this.#lines <= this.#allowance.lines;
  }

  #forward({ bytes, truncated }: Frame): void {
    const line = `${withoutReturn(bytes.toString("utf8"))}${truncated ? "…" : ""}`;
    this.#lines += 1;
    if (line.trim() === "" || this.#lines > this.#allowance.lines) return;
    const entry = truncated ? undefined : parseLogLine(line);
    if (entry === undefined) this.#log.info(line, { raw: true });
    else this.#log[entry.level](entry.msg, entry.attrs === undefined ? {} : { attrs: entry.attrs });
  }
}

/** The end of a stream. */
class Tail {
  readonly #size: number;
  #chunks: Buffer[] = [];
  #length = 0;
  #isCut = false;

  constructor(size: number) {
    this.#size = size;
  }

  push(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#length += chunk.length;
    for (let first = this.#chunks[0]; first && this.#length - first.length >= this.#size; first = this.#chunks[0]) {
      this.#chunks.shift();
      this.#length -= first.length;
      this.#isCut = true;
    }
  }

  /** Whole lines, but for a single one longer than all that is kept. */
  lines(): string[] {
    const kept = Buffer.concat(this.#chunks).subarray(-this.#size);
    const lines = kept.toString("utf8").split("\n").map(withoutReturn);
    const isCut = this.#isCut || this.#length > this.#size;
    return isCut && lines.length > 1 ? lines.slice(1) : lines;
  }
}

const withoutReturn = (line: string) => (line.endsWith("\r") ? line.slice(0, -1) : line);

interface LogEntry {
  readonly level: "debug" | "info" | "warn" | "error";
  readonly msg: string;
  readonly attrs: Record<string, unknown> | undefined;
}

const levels = { debug: "debug", info: "info", warn: "warn", error: "error" } as const;

function parseLogLine(line: string): LogEntry | undefined {
  if (!line.startsWith("{")) return undefined;
  let value: unknown;
  try {
    value = parseLeniently(line);
  } catch {
    // Text that begins with a brace is text.
    return undefined;
  }
  const parsed = PluginLogLine.safeParse(value);
  if (!parsed.success) return undefined;
  const level = levels[parsed.data.level.toLowerCase() as keyof typeof levels];
  return { level, msg: parsed.data.msg, attrs: parsed.data.attrs ?? undefined };
}
