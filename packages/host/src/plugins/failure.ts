import { DockersnapError } from "@dockersnap/contract";
import { bounds } from "./bounds.ts";
import type { Ending } from "./invoke.ts";
import { parseEnvelope } from "./progress.ts";

export interface Failure {
  readonly plugin: string;
  readonly command: string;
  readonly ending: Ending;
  /** What was on stdout and is not a progress event. */
  readonly stdout: string;
  /** Message of the last progress event that told an error. */
  readonly lastError: string | undefined;
  /** What was on stderr last, log lines reduced to their message. */
  readonly stderr: string;
}

/** Longest part of a plugin's own words in one message; of stderr the end is kept, for that is where the cause stands. */
const longestWords = 4_000;

/** A command that did not succeed, in the plugin's own words where it left any. */
export function commandFailed(failure: Failure): DockersnapError {
  const { plugin, command, ending } = failure;
  const title = `Plugin '${plugin}' ${ending.kind === "cancelled" ? "was cancelled at" : "failed at"} ${command}`;
  const details = { plugin, command, ...endingDetails(ending) };
  if (ending.kind === "cancelled") {
    return new DockersnapError("cancelled", `${title}.`, { details, cause: ending.reason });
  }
  return new DockersnapError("plugin_failed", `${title}: ${reasonOf(failure)}`, {
    details,
    ...(ending.kind === "unstartable" ? { cause: ending.cause } : {}),
  });
}

/** The plugin's own words. How it ended is told beside them only where it did not end by itself: then they may not be the cause. */
function reasonOf(failure: Failure): string {
  const words = ownWords(failure);
  const how = describeEnding(failure.ending);
  if (words === undefined) return how.endsWith(".") ? how : `${how}.`;
  return failure.ending.kind === "exit" ? words : `${words} (${how})`;
}

/** A command that exited with 0 and yet broke the contract; `problem` ends a sentence about the plugin. */
export function contractBroken(plugin: string, command: string, problem: string, stderr: string): DockersnapError {
  const said = stderr === "" ? "" : `. On stderr: ${lastOf(stderr)}`;
  return new DockersnapError("plugin_failed", `Plugin '${plugin}' failed at ${command}: it ${problem}${said}`, {
    details: { plugin, command },
  });
}

/** Why, in the plugin's words: its error envelope, else its last error event, else its stderr. */
export function ownWords({ ending, stdout, lastError, stderr }: Failure): string | undefined {
  // Who was stopped for breaking a bound did not fail for the reason it last complained of.
  if (ending.kind === "stopped") return undefined;
  const envelope = parseEnvelope(stdout.trim()) ?? lastEnvelope(stdout);
  if (envelope !== undefined) {
    return firstOf(envelope.details === undefined ? envelope.error : `${envelope.error}: ${envelope.details}`);
  }
  if (lastError !== undefined) return firstOf(lastError);
  return stderr === "" ? undefined : lastOf(stderr);
}

/** How it ended, as the end of a sentence about the plugin. */
export function describeEnding(ending: Ending): string {
  switch (ending.kind) {
    case "exit":
      return ending.code === notImplemented
        ? `exited with ${ending.code}: not implemented`
        : `exited with ${ending.code}`;
    case "signal":
      return `killed by ${ending.signal}`;
    case "timeout":
      return `timed out after ${ending.afterMs / 1000} s`;
    case "cancelled":
      return "cancelled";
    case "stopped":
      return `it ${ending.why}`;
    case "unstartable":
      return `could not be started${ending.cause instanceof Error ? `: ${startProblem(ending.cause)}` : ""}`;
  }
}

/** The exit code reserved for a command a plugin does not have. */
export const notImplemented = 64;

function lastEnvelope(stdout: string) {
  // The last thing said; before it there may be millions of lines.
  return stdout
    .slice(-bounds.keptStderr)
    .split("\n")
    .reverse()
    .map((line) => parseEnvelope(line.trim()))
    .find((found) => found !== undefined);
}

function startProblem(cause: Error & { code?: string }): string {
  switch (cause.code) {
    case "ENOENT":
      return "the executable, or the interpreter its first line names, is not there";
    case "EACCES":
      return "it may not be executed, or its file system forbids it";
    case "ENOEXEC":
      return "it is no program this machine can run";
    default:
      return cause.message;
  }
}

function endingDetails(ending: Ending): Record<string, unknown> {
  if (ending.kind === "exit") return { exit_code: ending.code };
  if (ending.kind === "signal") return { signal: ending.signal };
  if (ending.kind === "timeout") return { timeout_ms: ending.afterMs };
  return {};
}

function firstOf(text: string): string {
  const words = text.trim();
  return words.length > longestWords ? `${words.slice(0, longestWords)}…` : words;
}

const lastOf = (text: string) => (text.length > longestWords ? `…${text.slice(-longestWords)}` : text);
