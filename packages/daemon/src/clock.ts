import { readFileSync } from "node:fs";
import { uptime } from "node:os";
import type { Clock } from "@dockersnap/core";

const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();

/** The machine's own time. */
export const systemClock: Clock = {
  now: () => new Date(),
  monotonic: () => performance.now(),
  // The kernel counts sleep into it, and nobody can set it.
  sinceBoot: () => ({ boot, ms: uptime() * 1000 }),
  after(ms, work) {
    const timer = setTimeout(work, ms);
    timer.unref();
    return () => clearTimeout(timer);
  },
};
