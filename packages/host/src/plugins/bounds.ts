const KiB = 1024;
const MiB = 1024 * KiB;

/** How much of a plugin's output is read or kept, in bytes where nothing else is said. */
export const bounds = {
  response: 4 * MiB,
  progressLine: MiB,
  progress: 64 * MiB,
  /** A number of events; clients that come late are sent them all. */
  progressEvents: 100_000,
  /** A number of lines, events or not: each costs the daemon a look. */
  progressLines: 1_000_000,
  /** Of what is on stderr, for a failure's message. */
  keptStderr: 64 * KiB,
  logLine: 64 * KiB,
  /** Passed on to the daemon's log; the rest is left out. */
  forwardedLogs: 8 * MiB,
  /** A number of lines. */
  forwardedLines: 50_000,
  stderr: 64 * MiB,
} as const;

export const megabytes = (bytes: number) => `${bytes / MiB} MiB`;
