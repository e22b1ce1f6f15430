import { lstatSync } from "node:fs";
import { parentPort, workerData } from "node:worker_threads";
import type { CompareRequest, Comparisons } from "@dockersnap/core";
import { Budget } from "./budget.ts";
import { Directory } from "./entry.ts";
import type { Job, Outcome } from "./job.ts";
import { compareTrees } from "./walk.ts";

class Gone extends Error {
  readonly root: string;

  constructor(root: string) {
    super(`${root} is gone`);
    this.root = root;
  }
}

function outcomeOf(request: CompareRequest): Outcome {
  try {
    return { done: compare(request) };
  } catch (error) {
    if (error instanceof Gone) return { gone: error.root };
    throw error;
  }
}

function compare({ pairs, suspectSince, bounds }: CompareRequest): Comparisons {
  using opened = new DisposableStack();
  const roots = new Map<string, Directory>();
  const root = (path: string): Directory => {
    const known = roots.get(path);
    if (known !== undefined) return known;
    const directory = Directory.open(path);
    if (directory === undefined) throw new Gone(path);
    roots.set(path, opened.use(directory));
    return directory;
  };
  const budget = new Budget(bounds);
  const suspectSinceNs = BigInt(suspectSince.getTime()) * 1_000_000n;
  const trees = pairs.map((pair) => compareTrees(pair, { roots: root, suspectSinceNs, budget }));
  // One that was deleted meanwhile is empty by now, whatever was in it.
  for (const [path, { stats }] of roots) {
    const now = lstatSync(path, { bigint: true, throwIfNoEntry: false });
    if (now?.ino !== stats.ino || now.dev !== stats.dev) throw new Gone(path);
  }
  return { trees, entries: budget.entries, readBytes: budget.readBytes };
}

// A thread of its own, because calls that wait are several times faster than calls that come back to an event loop, and this
// way they keep nobody waiting.
const { request } = workerData as Job;
parentPort?.postMessage(outcomeOf(request));
