import { bounds, LineFramer, parseEnvelope, parseEvent } from "@dockersnap/host/plugins";

/** Lines kept of those that are no events. */
const keptLines = 50;
const keptLength = 2_000;

/** What a command that tells its progress wrote to stdout, as the daemon reads it. */
export class ProgressReading {
  readonly #framer = new LineFramer(bounds.progressLine);
  readonly #other: string[] = [];
  #bytes = 0;
  #strayLines = 0;
  events = 0;
  /** Events that say `complete` and `done`. */
  completes = 0;
  /** Events after the first of those. */
  afterComplete = 0;
  /** Message of the last event that told an error. */
  lastError: string | undefined;
  /** All messages, for what must not be in them. */
  messages = "";

  /** The answer is the reason to stop the plugin. */
  push(chunk: Buffer): string | undefined {
    this.#bytes += chunk.length;
    for (const { bytes, truncated } of this.#framer.push(chunk)) {
      if (truncated) return "wrote a line of progress longer than a daemon reads";
      this.#take(bytes);
      if (this.events > bounds.progressEvents) return "told more steps of progress than a daemon takes";
    }
    return this.#bytes > bounds.progress ? "wrote more progress than a daemon reads" : undefined;
  }

  end(): void {
    const last = this.#framer.end();
    if (last !== undefined) this.#take(last.bytes);
  }

  /** What was written besides events. */
  get otherOutput(): string {
    return this.#other.join("\n");
  }

  /** The first line that is neither an event nor of an error envelope. */
  get stray(): string | undefined {
    if (this.#strayLines === 0) return undefined;
    const isEnvelope = parseEnvelope(this.otherOutput.trim()) !== undefined;
    return isEnvelope ? undefined : this.#other.find((line) => parseEnvelope(line) === undefined);
  }

  get hasEnvelope(): boolean {
    return [this.otherOutput.trim(), ...this.#other].some((text) => parseEnvelope(text) !== undefined);
  }

  #take(bytes: Buffer): void {
    const line = bytes.toString("utf8").trim();
    if (line === "") return;
    const event = parseEvent(line);
    if (event === undefined) {
      this.#strayLines += 1;
      if (this.#other.length < keptLines) this.#other.push(line.slice(0, keptLength));
      return;
    }
    this.events += 1;
    if (this.completes > 0) this.afterComplete += 1;
    if (event.step === "complete" && event.status === "done") this.completes += 1;
    if (event.status === "error") this.lastError = event.message || event.step;
    if (this.messages.length < bounds.keptStderr) this.messages += `${event.message ?? ""}\n`;
  }
}
