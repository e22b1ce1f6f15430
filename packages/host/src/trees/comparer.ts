import { Worker } from "node:worker_threads";
import { DockersnapError } from "@dockersnap/contract/words";
import type { CompareRequest, TreeComparer } from "@dockersnap/core";
import pLimit from "p-limit";
import type { Job, Outcome } from "./job.ts";

/** Each keeps a core busy. */
const atOnce = 2;
const mostWaiting = 16;

/** A directory of half a million names on both sides takes some hundred megabytes. */
const heapMegabytes = 512;

/** The thread looks at the clock between two files; a disk that does not answer keeps it from that. */
const graceMs = 10_000;

/** Beside the bundled daemon, or the source. */
const program = new URL(import.meta.url.endsWith(".ts") ? "./worker.ts" : "./tree-worker.mjs", import.meta.url);

/** Compares trees in threads of their own, a few at a time; further ones wait for their turn. */
export function createTreeComparer(): TreeComparer {
  const limit = pLimit(atOnce);
  return {
    async compare(request, signal) {
      if (limit.pendingCount >= mostWaiting) {
        throw new DockersnapError(
          "too_many_requests",
          `${mostWaiting} comparisons wait for their turn already. Ask again in a minute.`,
        );
      }
      const outcome = await limit(() => compareInThread(request, signal));
      if ("done" in outcome) return outcome.done;
      throw new DockersnapError("wrong_state", "What was compared was replaced or removed meanwhile.");
    },
  };
}

function compareInThread(request: CompareRequest, signal: AbortSignal): Promise<Outcome> {
  signal.throwIfAborted();
  const { promise, resolve, reject } = Promise.withResolvers<Outcome>();
  const worker = new Worker(program, {
    workerData: { request } satisfies Job,
    resourceLimits: { maxOldGenerationSizeMb: heapMegabytes },
    stdin: false,
  });
  const patience = AbortSignal.any([signal, AbortSignal.timeout(request.bounds.ms + graceMs)]);
  const give = () => reject(signal.aborted ? signal.reason : late());
  patience.addEventListener("abort", give, { once: true });
  worker.on("message", resolve);
  worker.on("error", (cause) => {
    reject(new DockersnapError("internal", `The files could not be compared: ${cause.message}.`, { cause }));
  });
  worker.on("exit", (code) => {
    reject(new DockersnapError("internal", `The thread that compares files ended (${code}) without an answer.`));
  });
  return promise.finally(async () => {
    patience.removeEventListener("abort", give);
    await worker.terminate();
  });
}

function late(): DockersnapError {
  return new DockersnapError("not_ready", "The disk did not answer in time. Ask again, and look at the host's load.");
}
