import { DockersnapError } from "@dockersnap/contract/words";
import { open } from "./request.ts";

export interface EventFilter {
  readonly type: readonly string[];
  readonly event: readonly string[];
}

/** An event's line is a container's labels and little more; dockerd bounds neither. */
const maxLineBytes = 1024 * 1024;

/**
 * Follow dockerd's events that match the filter. Yields once when the stream is up, then once per event, and returns
 * when dockerd ends the stream. Events from just before it was up are not lost; one may be reported that is older.
 */
export async function* followEvents(
  socket: string,
  filter: EventFilter,
  signal: AbortSignal,
): AsyncGenerator<"up" | "event", void, undefined> {
  const query = new URLSearchParams({
    filters: JSON.stringify(filter),
    // dockerd answers before it subscribes; what happens between the two is replayed from its buffer.
    since: (Date.now() / 1000 - 0.001).toFixed(3),
  });
  const response = await open(socket, { method: "GET", path: `/events?${query}`, signal });
  try {
    if (response.statusCode !== 200) {
      throw new DockersnapError("not_ready", `dockerd answered ${response.statusCode} to a request for its events.`);
    }
    yield "up";
    let pending = 0;
    for await (const chunk of response as AsyncIterable<Buffer>) {
      for (let from = 0; from < chunk.length; ) {
        const end = chunk.indexOf(0x0a, from);
        if (end === -1) {
          pending += chunk.length - from;
          break;
        }
        pending = 0;
        from = end + 1;
        yield "event";
      }
      if (pending > maxLineBytes) {
        throw new DockersnapError("internal", `dockerd sent an event longer than ${maxLineBytes} bytes.`);
      }
    }
  } finally {
    response.destroy();
  }
}
