import { readFileSync, watch, writeFileSync } from "node:fs";
import { join } from "node:path";
import { hasErrno } from "./errno.ts";

/** What this host needs for engines and their containers, which share the limits of root with everything on the host. */
const wanted = { max_user_instances: 1_024, max_user_watches: 524_288 } as const;

export interface WatchLimit {
  /** As sysctl(8) names it. */
  readonly key: string;
  readonly value: number;
  readonly wanted: number;
}

/** The kernel's limits on watching files that are lower than a host of instances needs. */
export function lowWatchLimits(root = "/proc/sys/fs/inotify"): readonly WatchLimit[] {
  return Object.entries(wanted)
    .map(([name, least]) => ({
      key: `fs.inotify.${name}`,
      value: Number(readFileSync(join(root, name), "utf8")),
      wanted: least,
    }))
    .filter(({ value, wanted: least }) => value < least);
}

/** Raise those limits, and return those that could not be raised. No limit is ever lowered. */
export function raiseWatchLimits(root = "/proc/sys/fs/inotify"): readonly WatchLimit[] {
  for (const { key, wanted: least } of lowWatchLimits(root)) {
    try {
      writeFileSync(join(root, key.slice("fs.inotify.".length)), String(least));
    } catch {
      // Whoever asked is told which limits are still low.
    }
  }
  return lowWatchLimits(root);
}

/** The limit that keeps anybody from watching one more file now, with twice as much as `wanted`; undefined where none does. */
export function usedUpWatchLimit(root = "/proc/sys/fs/inotify"): WatchLimit | undefined {
  try {
    watch(root).close();
    return undefined;
  } catch (error) {
    if (hasErrno(error, "EMFILE")) return twice("max_user_instances", root);
    if (hasErrno(error, "ENOSPC")) return twice("max_user_watches", root);
    throw error;
  }
}

function twice(name: keyof typeof wanted, root: string): WatchLimit {
  const value = Number(readFileSync(join(root, name), "utf8"));
  return { key: `fs.inotify.${name}`, value, wanted: Math.max(2 * value, wanted[name]) };
}
