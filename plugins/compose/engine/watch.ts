import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { type Docker, DockersnapError } from "@dockersnap/plugin-sdk";
import { projectFilter } from "./container.ts";
import { deferred } from "./deferred.ts";

/** Something that happened to a container of the project. */
export interface ContainerEvent {
  readonly service: string;
  /** In the engine's words: `start`, `die`, `health_status: healthy`. */
  readonly action: string;
  readonly exitCode: number;
}

/** Wakes whoever waits for a change. */
export interface Changes {
  /** How many there have been. */
  readonly count: number;
  /** Resolves when there have been more than `count`; rejects when `signal` aborts or nothing can be heard any more. */
  after(count: number, signal: AbortSignal): Promise<void>;
}

/** The engine's events about a project, from the moment it is open. */
export class ProjectWatch implements Changes, Disposable {
  readonly #closed = new AbortController();
  #count = 0;
  #next = deferred();

  /** Every event goes to `onEvent` as it comes. */
  static async open(
    docker: Docker,
    project: string,
    signal: AbortSignal,
    onEvent: (event: ContainerEvent) => void,
  ): Promise<ProjectWatch> {
    const watch = new ProjectWatch();
    const stream = await docker.getEvents({
      filters: { type: ["container"], event: ["start", "die", "health_status"], label: projectFilter(project) },
      abortSignal: AbortSignal.any([signal, watch.#closed.signal]),
    });
    watch.#follow(stream as Readable, onEvent);
    return watch;
  }

  get count(): number {
    return this.#count;
  }

  async after(count: number, signal: AbortSignal): Promise<void> {
    if (this.#count > count) return;
    const aborted = deferred();
    const abort = () => aborted.reject(signal.reason);
    if (signal.aborted) abort();
    signal.addEventListener("abort", abort, { once: true });
    try {
      await Promise.race([this.#next.promise, aborted.promise]);
    } finally {
      signal.removeEventListener("abort", abort);
    }
  }

  [Symbol.dispose](): void {
    this.#closed.abort();
  }

  #follow(stream: Readable, onEvent: (event: ContainerEvent) => void): void {
    // Nobody may be waiting just then.
    this.#next.promise.catch(() => undefined);
    let isLost = false;
    const lost = (cause?: unknown) => {
      isLost = true;
      const message = "The instance's engine stopped telling what happens to its containers.";
      this.#next.reject(new DockersnapError("plugin_failed", message, { cause }));
    };
    stream.on("error", lost).on("close", lost);
    createInterface({ input: stream })
      .on("error", lost)
      .on("line", (line) => {
        if (isLost) return;
        try {
          onEvent(parseEvent(line));
        } catch (error) {
          lost(error);
          return;
        }
        this.#count += 1;
        const { resolve } = this.#next;
        this.#next = deferred();
        this.#next.promise.catch(() => undefined);
        resolve();
      });
  }
}

function parseEvent(line: string): ContainerEvent {
  const event = JSON.parse(line) as { Action?: string; Actor?: { Attributes?: Record<string, string> } };
  const attributes = event.Actor?.Attributes ?? {};
  return {
    service: attributes["com.docker.compose.service"] ?? "",
    action: event.Action ?? "",
    exitCode: Number(attributes.exitCode ?? 0),
  };
}
