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
  stderr: 64 * MiB,
} as const;

/** Of a call's stderr, what is passed on to the daemon's log; the rest is left out. */
export interface LogAllowance {
  readonly bytes: number;
  readonly lines: number;
}

/** A deploy may have much to tell, once; a question is asked every half minute and would fill the disk. */
export const logAllowances = {
  progress: { bytes: 8 * MiB, lines: 50_000 },
  answer: { bytes: MiB / 2, lines: 4_000 },
} as const satisfies Record<string, LogAllowance>;

export const megabytes = (bytes: number) => `${bytes / MiB} MiB`;
