import { type DaemonEvent, DockersnapError } from "@dockersnap/contract/words";
import { pathOf } from "./address.ts";
import { readLines } from "./body.ts";
import { delay } from "./follow.ts";
import { isRecord, type Transport } from "./transport.ts";
import { DaemonUnreachableError } from "./unreachable.ts";

export interface EventsOptions {
  readonly signal?: AbortSignal | undefined;
  /** Only what came after this event. */
  readonly lastEventId?: number | undefined;
  /** Connected: at first, and again after each loss. Nothing that happened in between is missing from the stream. */
  readonly onConnect?: (() => void) | undefined;
}

const bounds = { maxLength: 1024 * 1024, silenceMs: 300_000 };
const maxReconnects = 8;
const firstDelayMs = 200;

/**
 * What happens in the daemon, as it happens. A lost connection is taken up again after the last event seen; it ends
 * with `DaemonUnreachableError` when that fails eight times in a row, and with the signal's reason on an abort.
 */
export async function* daemonEvents(transport: Transport, options: EventsOptions): AsyncGenerator<DaemonEvent> {
  let last = options.lastEventId;
  let attempt = 0;
  for (;;) {
    try {
      const response = await transport.open({
        method: "GET",
        path: pathOf("followEvents", {}),
        accept: "text/event-stream",
        headers: last === undefined ? {} : { "last-event-id": String(last) },
        signal: options.signal,
      });
      options.onConnect?.();
      if (response.body !== null) {
        for await (const event of serverSentEvents(readLines(response.body, bounds))) {
          attempt = 0;
          last = event.id;
          yield event;
        }
      }
    } catch (error) {
      options.signal?.throwIfAborted();
      if (error instanceof DockersnapError && error.code !== "shutting_down" && error.code !== "not_ready") throw error;
    }
    if (attempt === maxReconnects) {
      throw new DaemonUnreachableError(
        transport.baseUrl,
        `The stream of events from ${transport.baseUrl} was lost, and ${maxReconnects} attempts to open it again failed.`,
      );
    }
    // The daemon may be restarting, and nothing announces that it listens again.
    await delay(firstDelayMs * 2 ** attempt, options.signal);
    attempt += 1;
  }
}

/** Each event's `data` fields, joined and parsed; comments (the daemon's sign of life) and other fields are passed over. */
async function* serverSentEvents(lines: AsyncIterable<string>): AsyncGenerator<DaemonEvent> {
  let data: string[] = [];
  for await (const line of lines) {
    if (line.startsWith("data:")) {
      data.push(line.slice(line[5] === " " ? 6 : 5));
    } else if (line === "" && data.length > 0) {
      yield parseEvent(data.join("\n"));
      data = [];
    }
  }
}

function parseEvent(data: string): DaemonEvent {
  let event: unknown;
  try {
    event = JSON.parse(data);
  } catch (cause) {
    throw new DockersnapError("internal", "The daemon sent an event that is not JSON.", { cause });
  }
  if (!isRecord(event) || typeof event.id !== "number" || typeof event.type !== "string") {
    throw new DockersnapError("internal", "The daemon sent an event without an id and a type.");
  }
  return event as DaemonEvent;
}
