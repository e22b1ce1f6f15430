/**
 * Why a command did not succeed: it exited with a code, died of a signal, passed its deadline, was cancelled, wrote
 * more than is kept, or could not be started at all.
 */
export type CommandFailure = "exit" | "signal" | "timeout" | "cancelled" | "output" | "spawn";

export interface CommandOutcome {
  readonly program: string;
  readonly args: readonly string[];
  readonly reason: CommandFailure;
  readonly exitCode?: number | undefined;
  readonly signal?: NodeJS.Signals | undefined;
  readonly stdout?: string;
  readonly stderr?: string;
}

/** A command that failed, in parts: callers decide by `reason` and `exitCode`; the message is for people. */
export class CommandError extends Error {
  override readonly name = "CommandError";
  /** Program and arguments on one line, cut to a readable length. */
  readonly command: string;
  readonly reason: CommandFailure;
  readonly exitCode: number | undefined;
  readonly signal: NodeJS.Signals | undefined;
  readonly stdout: string;
  readonly stderr: string;

  constructor(outcome: CommandOutcome, options?: { cause?: unknown }) {
    const command = clip([outcome.program, ...outcome.args].join(" "), 200);
    const said = clip((outcome.stderr ?? "").trim(), 500);
    super(`\`${command}\` ${describe(outcome, options?.cause)}${said === "" ? "" : `: ${said}`}`, options);
    this.command = command;
    this.reason = outcome.reason;
    this.exitCode = outcome.exitCode;
    this.signal = outcome.signal;
    this.stdout = outcome.stdout ?? "";
    this.stderr = outcome.stderr ?? "";
  }
}

function describe({ reason, exitCode, signal }: CommandOutcome, cause: unknown): string {
  switch (reason) {
    case "exit":
      return `exited with code ${exitCode}`;
    case "signal":
      return `died of ${signal}`;
    case "timeout":
      return "did not end within its deadline";
    case "cancelled":
      return "was cancelled";
    case "output":
      return "wrote more output than is kept";
    case "spawn":
      return `could not be started${cause instanceof Error ? ` (${cause.message})` : ""}`;
  }
}

function clip(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length)}…`;
}
