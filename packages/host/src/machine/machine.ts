import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import type { Machine } from "@dockersnap/core";

/** Over a shorter time the kernel's counts, in hundredths of a second, say little. */
const shortestSpanMs = 200;

interface Sample {
  readonly at: number;
  readonly idle: number;
  readonly all: number;
}

/** This machine, as the kernel tells of it. */
export function createMachine(): Machine {
  let last = sample();
  let idle = 1;
  return {
    processors: availableParallelism(),
    look() {
      const now = sample();
      if (now.at - last.at >= shortestSpanMs && now.all > last.all) {
        idle = (now.idle - last.idle) / (now.all - last.all);
        last = now;
      }
      return { idle, availableMemory: availableMemory() };
    },
  };
}

/** Processor time since boot, of all processors. */
function sample(): Sample {
  const [, ...counts] = (readFileSync("/proc/stat", "utf8").split("\n", 1)[0] ?? "").trim().split(/\s+/).map(Number);
  // The last two are counted in the first two as well.
  const spent = counts.slice(0, 8);
  const [, , , idle = 0, waitingForDisk = 0] = spent;
  return { at: performance.now(), idle: idle + waitingForDisk, all: spent.reduce((sum, ticks) => sum + ticks, 0) };
}

function availableMemory(): number {
  const kibibytes = /^MemAvailable:\s+(\d+) kB$/m.exec(readFileSync("/proc/meminfo", "utf8"))?.[1];
  return kibibytes === undefined ? Number.POSITIVE_INFINITY : Number(kibibytes) * 1024;
}
