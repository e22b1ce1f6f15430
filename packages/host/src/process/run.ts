import type { Readable } from "node:stream";
import { execa } from "execa";
import { CommandError } from "./commandError.ts";

export interface RunOptions {
  /** Written to the program's standard input, which is closed after it. Without it the program reads an empty one. */
  readonly input?: string;
  /** Milliseconds until the program is ended. Default: 30 000. */
  readonly timeoutMs?: number;
  /** Ends the program when aborted. */
  readonly signal?: AbortSignal;
  /** Takes each line of the output as it comes, without its newline; then none of it is kept, however much it is. */
  readonly onLine?: (line: string) => void;
  /** Characters kept of each output stream; a program that writes more is ended. Default: 1 048 576. */
  readonly maxOutput?: number;
  /** Added to the daemon's own environment; a variable that is `undefined` is taken out of it. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly cwd?: string;
}

export interface RunResult {
  readonly stdout: string;
  readonly stderr: string;
}

/** What holds for a program whose caller says nothing else, and how long an ended one has between SIGTERM and SIGKILL. */
export const bounds = { timeoutMs: 30_000, maxOutput: 1_048_576, graceMs: 2_000 } as const;

/**
 * Run a program to its end and keep what it wrote, byte for byte as UTF-8. Anything but exit code 0 rejects with a
 * `CommandError`. Whichever way the promise settles, the program is no longer running then: on a deadline or a
 * cancellation it and the descendants in its process group got SIGTERM, and SIGKILL two seconds later.
 */
export async function run(program: string, args: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  if (options.signal?.aborted) {
    throw new CommandError({ program, args, reason: "cancelled" }, { cause: options.signal.reason });
  }
  const child = execa(program, args, {
    ...(options.input === undefined ? { stdin: "ignore" } : { input: options.input }),
    ...(options.signal === undefined ? {} : { cancelSignal: options.signal }),
    ...(options.env === undefined ? {} : { env: options.env }),
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    timeout: options.timeoutMs ?? bounds.timeoutMs,
    maxBuffer: options.maxOutput ?? bounds.maxOutput,
    forceKillAfterDelay: bounds.graceMs,
    killDescendants: true,
    // Exit hooks would change what signals do to the daemon, and a half-run command is no better for being killed.
    cleanup: false,
    stripFinalNewline: false,
    reject: false,
    ...(options.onLine === undefined ? {} : { buffer: { stdout: false } }),
  });
  if (options.onLine !== undefined) passLines(child.stdout, options.onLine);
  const result = await child;
  const { stdout = "", stderr } = result;
  if (!result.failed) return { stdout, stderr };

  const reason = result.timedOut
    ? "timeout"
    : result.isCanceled
      ? "cancelled"
      : result.isMaxBuffer
        ? "output"
        : result.signal !== undefined
          ? "signal"
          : result.exitCode !== undefined
            ? "exit"
            : "spawn";
  throw new CommandError(
    {
      program,
      args,
      reason,
      exitCode: result.exitCode,
      signal: result.signal,
      stdout,
      stderr: stderr ?? "",
    },
    { cause: result.cause },
  );
}

/** Each line of the stream as it comes, without its newline. */
export function passLines(stream: Readable, onLine: (line: string) => void): void {
  let rest = "";
  stream.setEncoding("utf8");
  stream.on("data", (chunk: string) => {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) onLine(line);
  });
  stream.on("end", () => {
    if (rest !== "") onLine(rest);
  });
}
