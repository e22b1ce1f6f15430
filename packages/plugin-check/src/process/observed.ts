import { describeEnding, type Ending, notImplemented, ownWords } from "@dockersnap/host/plugins";
import type { ProgressReading } from "./progress-reading.ts";

/** One call of the plugin, as it went. */
export interface Observed {
  readonly command: string;
  readonly ending: Ending;
  readonly tookMs: number;
  /** What it answered; empty for commands that tell their progress. */
  readonly stdout: Buffer;
  readonly progress: ProgressReading;
  /** The end of what it wrote there. */
  readonly stderr: string;
  /** The same with log lines reduced to their messages. */
  readonly said: string;
  /** Files it left in the instance's data-root, in its working folder and among the temporary ones. */
  readonly traces: readonly string[];
}

export const exitsWith = ({ ending }: Observed, code: number) => ending.kind === "exit" && ending.code === code;

export const succeeded = (observed: Observed) => exitsWith(observed, 0);

/** There is no such command. */
export const isAbsent = (observed: Observed) => exitsWith(observed, notImplemented);

/** Why it failed, in the plugin's words. */
export function wordsOf(observed: Observed): string | undefined {
  const { command, ending, stdout, progress, said } = observed;
  return ownWords({
    plugin: "",
    command,
    ending,
    stdout: stdout.length > 0 ? stdout.toString("utf8") : progress.otherOutput,
    lastError: progress.lastError,
    stderr: said,
  });
}

/** It ended by itself with an exit code for failure, and says why. */
export function failedProperly(observed: Observed): boolean {
  const { ending } = observed;
  return ending.kind === "exit" && ending.code !== 0 && !isAbsent(observed) && wordsOf(observed) !== undefined;
}

/** How an interpreter or a runtime begins or ends what it says when a program goes down with what nobody caught. */
const lastGasps = [
  /^Traceback \(most recent call last\):$/m,
  /^Node\.js v\d/m,
  /^panic: /m,
  /^thread '.*' panicked at/m,
];
/** A shell could not find a program, or not run it. */
const shellFailures: readonly number[] = [126, 127];

/** What brought it down, where it did not end in words of its own. */
export function crashOf(observed: Observed): string | undefined {
  const { command, ending, said } = observed;
  if (ending.kind === "signal") return tell(observed);
  if (ending.kind !== "exit" || ending.code === 0) return undefined;
  const isCrash = shellFailures.includes(ending.code) || lastGasps.some((gasp) => gasp.test(said));
  if (!isCrash || wordsOf({ ...observed, said: "" }) !== undefined) return undefined;
  return `${command} went down with ${quoteEnd(said)}`;
}

const longestQuote = 200;

/** How the call went, in one line for a person. */
export function tell(observed: Observed): string {
  const { command, ending, stdout, progress, said } = observed;
  const output = stdout.toString("utf8").trim() || progress.otherOutput || progress.lastError || "";
  return [
    `${command} ${verb(describeEnding(ending))}`,
    ...(output === "" ? [] : [`on stdout: ${quote(output)}`]),
    ...(said === "" ? [] : [`on stderr: ${quoteEnd(said)}`]),
  ].join("; ");
}

/** Endings are told as the end of a sentence about the plugin; here the command is its subject. */
const verb = (ending: string) =>
  ending.startsWith("killed") || ending.startsWith("cancelled") ? `was ${ending}` : ending.replace(/^it /, "");

export const quote = (text: string) =>
  JSON.stringify(text.length > longestQuote ? `${text.slice(0, longestQuote)}…` : text);

/** Of what is on stderr the end tells most. */
const quoteEnd = (text: string) => JSON.stringify(text.length > longestQuote ? `…${text.slice(-longestQuote)}` : text);
