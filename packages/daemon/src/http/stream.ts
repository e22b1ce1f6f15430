import type { ServerResponse } from "node:http";
import type { Log } from "@dockersnap/core";
import type { HttpBounds } from "./bounds.ts";

export interface StreamParts<T> {
  readonly outgoing: ServerResponse;
  readonly bounds: HttpBounds;
  readonly log: Log;
  /** Aborted when the daemon stops: the stream then ends in order. */
  readonly closing: AbortSignal;
  /** Begin to follow; ends when the signal aborts. */
  readonly follow: (signal: AbortSignal) => AsyncIterable<T>;
  readonly encode: (item: T) => string;
  /** Sent first, before anything has happened. */
  readonly opening?: string;
  /** Sent when nothing has happened for a while. */
  readonly heartbeat?: string;
  /** Called once, however the stream ends. */
  readonly ended: () => void;
}

const quiet = Symbol("quiet");
const over = Symbol("over");

/**
 * Items as they come, each sent by itself, no more taken than the client reads. One that goes away, or is cut off because it
 * does not read, ends the following at once.
 */
export function streamOf<T>(parts: StreamParts<T>): ReadableStream<Uint8Array> {
  const { outgoing, bounds, log, closing, heartbeat, opening } = parts;
  const encoder = new TextEncoder();
  const gone = new AbortController();
  const items = parts.follow(gone.signal)[Symbol.asyncIterator]();
  let next: Promise<IteratorResult<T>> | undefined;
  let isOver = false;

  const end = () => {
    if (isOver) return;
    isOver = true;
    closing.removeEventListener("abort", stop);
    gone.abort();
    // What it holds is let go of also when it stands still at an item nobody takes any more.
    items.return?.().catch((error) => log.warn("following could not be ended", { error }));
    parts.ended();
  };
  const stop = () => gone.abort();
  if (closing.aborted) stop();
  closing.addEventListener("abort", stop, { once: true });

  const cutOff = (error: unknown) => {
    log.warn("a stream was cut off: what it follows failed", { error });
    end();
    outgoing.destroy();
  };

  /** The next item, or that it is quiet, or that there is nothing more to wait for. */
  const waitForItem = async (): Promise<IteratorResult<T> | typeof quiet | typeof over> => {
    if (gone.signal.aborted) return over;
    next ??= items.next();
    const { promise, resolve } = Promise.withResolvers<typeof quiet | typeof over>();
    const onAbort = () => resolve(over);
    gone.signal.addEventListener("abort", onAbort, { once: true });
    const timer = heartbeat === undefined ? undefined : setTimeout(resolve, bounds.heartbeatMs, quiet);
    try {
      return await Promise.race([next, promise]);
    } finally {
      clearTimeout(timer);
      gone.signal.removeEventListener("abort", onAbort);
    }
  };

  const send = (controller: ReadableStreamDefaultController<Uint8Array>, text: string) => {
    controller.enqueue(encoder.encode(text));
  };

  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
        if (opening !== undefined) send(controller, opening);
      },
      async pull(controller) {
        try {
          const item = await waitForItem();
          if (isOver) return;
          if (item === quiet) {
            send(controller, heartbeat ?? "");
          } else if (item === over || item.done === true) {
            end();
            controller.close();
          } else {
            next = undefined;
            send(controller, parts.encode(item.value));
          }
        } catch (error) {
          // Its words are not for clients, and an end in order would look like the end of what they follow.
          cutOff(error);
        }
      },
      cancel: end,
    },
    { highWaterMark: 0 },
  );
}
