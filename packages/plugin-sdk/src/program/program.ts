/** A program that ran to its end. */
export interface ProgramResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** How a program is run, beyond its arguments. */
export interface ProgramOptions {
  /** Written to its stdin, which is empty otherwise. */
  readonly input?: string;
  readonly cwd?: string;
  /** Over the environment it has already. */
  readonly env?: Readonly<Record<string, string>>;
  /** Ends it after this time; unbounded but for the command's own limit. */
  readonly timeoutMs?: number;
  /** Resolve with a non-zero exit code instead of rejecting. */
  readonly allowFailure?: boolean;
  /** Each line as it comes, without its newline: to turn a program's own words into progress. */
  readonly onLine?: (line: string, stream: "stdout" | "stderr") => void;
}

/** How a program is started: `run` in the plugin's process, or a fake. */
export type RunProgram = (
  program: string,
  args: readonly string[],
  options: ProgramOptions & { readonly env: Readonly<Record<string, string>>; readonly signal: AbortSignal },
) => Promise<ProgramResult>;
