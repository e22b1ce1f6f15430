import type { Client, FollowOptions } from "@dockersnap/client";
import { DockersnapError } from "@dockersnap/contract/words";
import { InterruptedError } from "./failure.ts";
import type { Io } from "./io.ts";
import type { Output } from "./output/output.ts";
import { isEnd, lineProgress, ndjsonProgress, noProgress, type ProgressView } from "./output/progress.ts";

/** What Ctrl-C means: `ask` once whether to leave the operation running, or `cancel` what nobody would want to keep. */
type OnInterrupt = "ask" | "cancel";

export type Follower = <T>(act: (options: FollowOptions) => Promise<T>, onInterrupt?: OnInterrupt) => Promise<T>;

/**
 * Follows operations in front of a person or a program. Ctrl-C asks once whether to leave the operation running or to cancel
 * it, unless the caller knows; where nobody can answer it is left running. Either way the rejection is an `InterruptedError`.
 */
export function follower(io: Io, out: Output, client: () => Client): Follower {
  return async (act, onInterrupt = "ask") => {
    const view = await progressView(io, out);
    const stop = new AbortController();
    const over = new AbortController();
    /** What the daemon ignored of the request, as one that does not know all of it does. */
    const ignored: string[] = [];
    let operation: string | undefined;
    let asked = false;
    let cancelled = false;

    const leave = () => stop.abort(new InterruptedError(leftRunning(operation)));
    async function interrupted(): Promise<void> {
      if (asked || operation === undefined || (onInterrupt === "ask" && !io.interactive)) return leave();
      asked = true;
      if (onInterrupt === "ask") {
        view.pause();
        const choices = [
          { value: "leave", label: "Leave it running" },
          { value: "cancel", label: "Cancel it and undo what it did" },
        ];
        const answer = await io.choose("The operation is still running.", choices, over.signal);
        if (over.signal.aborted) return;
        if (answer !== "cancel") return leave();
      }
      const refused = await cancel(operation);
      cancelled = refused === undefined;
      if (onInterrupt === "ask") view.resume();
      view.say(refused ?? "Cancelling: undoing what was done.");
    }

    /** Why it cannot be cancelled, such as a step past which there is no way back; it is followed on then. */
    async function cancel(id: string): Promise<string | undefined> {
      try {
        await client().operations.cancel(id);
        return undefined;
      } catch (error) {
        if (error instanceof DockersnapError) return error.message;
        throw error;
      }
    }

    const { promise: failed, reject } = Promise.withResolvers<never>();
    using _interrupts = io.onInterrupt(() => void interrupted().catch(reject));
    try {
      const work = act({
        onProgress: (event) => {
          view.event(event);
          if (isEnd(event)) ignored.push(...wordsIn(event.warnings));
        },
        onOperation: (id) => {
          operation = id;
        },
        onReconnect: (attempt) => view.say(`The connection was lost; following on (attempt ${attempt}).`),
        signal: stop.signal,
      });
      return await Promise.race([work, failed]);
    } catch (error) {
      if (cancelled && error instanceof DockersnapError && error.code === "cancelled") {
        throw new InterruptedError(`Cancelled: ${error.message}`);
      }
      throw error;
    } finally {
      over.abort();
      view.end();
      for (const warning of ignored) out.warn(warning);
    }
  };
}

function wordsIn(warnings: unknown): string[] {
  return Array.isArray(warnings) ? warnings.filter((one) => typeof one === "string") : [];
}

function leftRunning(operation: string | undefined): string {
  return operation === undefined
    ? "Interrupted. If the operation had begun it goes on: see 'dockersnap operations'."
    : `Left running. Look at it with 'dockersnap operations show ${operation}', ` +
        `end it with 'dockersnap operations cancel ${operation}'.`;
}

async function progressView(io: Io, out: Output): Promise<ProgressView> {
  if (out.style.quiet) return noProgress;
  if (out.style.format === "json") return ndjsonProgress(io.stderr);
  if (out.style.format !== "text") return noProgress;
  if (!io.stderr.isTTY || io.env.TERM === "dumb") return lineProgress(io.stderr);
  const { liveProgress } = await import("./output/live-progress.ts");
  return liveProgress(io.stderr, out.colors);
}
