import { setTimeout as pause } from "node:timers/promises";
import type { Writer } from "./database.ts";

/** One connection to a database. */
export interface Session {
  /** Resolves when the write of this number is acknowledged; rejects when the session is gone. */
  write(value: number): Promise<void>;
  close(): Promise<void>;
}

/** Long enough for a container to come back after a stop; what does not is a failure. */
const reconnectDeadlineMs = 60_000;

/** A writer over sessions: when one ends, as its container is stopped, the next begins and the next number is sent. */
export function sessionWriter(after: number, connect: () => Promise<Session>): Writer {
  const acknowledged = new Set<number>();
  const waiting = new Set<() => void>();
  let sent = after;
  let stopped = false;
  let lastSign = performance.now();

  const loop = async () => {
    let session: Session | undefined;
    while (!stopped) {
      try {
        session ??= await connect();
        sent += 1;
        await session.write(sent);
        acknowledged.add(sent);
        lastSign = performance.now();
        for (const wake of waiting) wake();
      } catch (error) {
        await session?.close().catch(() => undefined);
        session = undefined;
        if (performance.now() - lastSign > reconnectDeadlineMs) throw error;
        // Nothing tells when a database takes connections again.
        await pause(50);
      }
    }
    await session?.close();
  };
  const ended = loop();
  // A failure is told to whoever waits for the writer.
  ended.catch(() => undefined);

  return {
    acknowledged,
    get sent() {
      return sent;
    },
    async untilMore(count) {
      const enough = acknowledged.size + count;
      const { promise, resolve } = Promise.withResolvers<void>();
      const look = () => acknowledged.size >= enough && resolve();
      waiting.add(look);
      await Promise.race([promise, ended]).finally(() => waiting.delete(look));
    },
    async stop() {
      stopped = true;
      await ended;
    },
  };
}
