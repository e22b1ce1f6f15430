import { DaemonUnreachableError } from "@dockersnap/client";
import { DockersnapError, errorCodes } from "@dockersnap/contract/words";
import type { Io } from "./io.ts";
import { jsonText, oneLine } from "./output/printable.ts";
import { colors } from "./output/terminal.ts";

export const exitCodes = { done: 0, failed: 1, usage: 2, unreachable: 5, interrupted: 130 } as const;

/** The command was written wrongly; `hint` says where its right form is to be found. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** A person stopped waiting. `operation` still runs, unless `cancelled` says it was taken back. */
export class InterruptedError extends Error {
  override readonly name = "InterruptedError";
}

/** Help was asked for in place of anything else. */
export class HelpRequested {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** Says what failed, as one line for people or one JSON object for programs, and answers with the exit code. */
export function reportFailure(error: unknown, io: Io, style: { json: boolean; color: boolean }): number {
  const { message, code, exit, details } = describe(error);
  if (style.json) {
    io.stderr.write(`${jsonText({ error: message, code, ...(details === undefined ? {} : { details }) })}\n`);
  } else if (error instanceof InterruptedError) {
    io.stderr.write(`${oneLine(message)}\n`);
  } else {
    io.stderr.write(`${colors(style.color).red("error:")} ${oneLine(message)}\n`);
  }
  return exit;
}

interface Failure {
  readonly message: string;
  readonly code: string;
  readonly exit: number;
  readonly details?: Record<string, unknown> | undefined;
}

function describe(error: unknown): Failure {
  if (error instanceof DockersnapError) {
    const message = `${error.message}${advice[error.code] ?? ""}`;
    return { message, code: error.code, exit: errorCodes[error.code].exit, details: error.details };
  }
  if (error instanceof UsageError) {
    return { message: error.message, code: "invalid_request", exit: exitCodes.usage };
  }
  if (error instanceof InterruptedError) {
    return { message: error.message, code: "interrupted", exit: exitCodes.interrupted };
  }
  if (error instanceof DaemonUnreachableError) {
    const next =
      error.operation === undefined
        ? " Start it with 'dockersnap serve', or name another with --remote."
        : ` Look at it with 'dockersnap operations show ${error.operation}'.`;
    return { message: error.message + next, code: "unreachable", exit: exitCodes.unreachable };
  }
  const message = error instanceof Error ? error.message : String(error);
  return { message, code: "failed", exit: exitCodes.failed };
}

/** The next step where the daemon cannot know it, because it is one of this command line. */
const advice: Partial<Record<string, string>> = {
  unauthorized: " Give it with --token or DOCKERSNAP_TOKEN.",
};
