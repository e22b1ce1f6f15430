import { parentPort, workerData } from "node:worker_threads";
import type { CompareRequest, Comparisons } from "@dockersnap/core";
import { Budget } from "./budget.ts";
import type { Job, Outcome } from "./job.ts";
import { Gone, Roots } from "./roots.ts";
import { compareTrees } from "./walk.ts";

// A thread of its own, because calls that wait are several times faster than calls that come back to an event loop, and this
// way they keep nobody waiting.
const { request } = workerData as Job;
parentPort?.postMessage(outcomeOf(request));

function outcomeOf(asked: CompareRequest): Outcome {
  try {
    return { done: compare(asked) };
  } catch (error) {
    if (error instanceof Gone) return { gone: error.root };
    throw error;
  }
}

function compare({ pairs, suspectSince, bounds }: CompareRequest): Comparisons {
  using roots = new Roots();
  const budget = new Budget(bounds);
  const suspectSinceNs = BigInt(suspectSince.getTime()) * 1_000_000n;
  const trees = pairs.map((pair) => compareTrees(pair, { roots, suspectSinceNs, budget }));
  roots.assertSame();
  return { trees, entries: budget.entries, readBytes: budget.readBytes };
}
