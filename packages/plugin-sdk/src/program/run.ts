import type { ChildProcessByStdio } from "node:child_process";
import type { Readable, Writable } from "node:stream";
import { DockersnapError } from "@dockersnap/contract/words";
import type { ProgramResult, RunProgram } from "./program.ts";

/** What is kept of each stream; a program that says more is ended. */
const longestOutput = 16 * 1024 * 1024;

/** From asking to forcing. */
const killAfterMs = 1000;

/**
 * Runs a program with nothing but `env`, never through a shell. Rejects with `plugin_failed` when it cannot be started,
 * fails, says too much or takes too long, with `cancelled` when `signal` aborts, and with what `onLine` threw; it has ended
 * by then.
 */
export const run: RunProgram = async (program, args, options) => {
  const { spawn } = await import("node:child_process");
  const timeout = options.timeoutMs === undefined ? undefined : AbortSignal.timeout(options.timeoutMs);
  const stop = timeout === undefined ? options.signal : AbortSignal.any([options.signal, timeout]);
  if (stop.aborted) throw new DockersnapError("cancelled", `${program} was not started: the command was cancelled.`);
  const child = spawn(program, args, {
    env: options.env,
    ...(options.cwd !== undefined && { cwd: options.cwd }),
    stdio: ["pipe", "pipe", "pipe"],
  });
  let force: NodeJS.Timeout | undefined;
  const end = () => {
    child.kill("SIGTERM");
    force ??= setTimeout(() => {
      child.kill("SIGKILL");
      // Grandchildren may still hold the pipes open.
      child.stdout.destroy();
      child.stderr.destroy();
    }, killAfterMs);
  };
  stop.addEventListener("abort", end, { once: true });
  try {
    // A program that does not read its input closes the pipe; its exit code says the rest.
    child.stdin.on("error", () => undefined);
    child.stdin.end(options.input ?? "");
    const refusals: unknown[] = [];
    const { onLine } = options;
    const tell = (stream: "stdout" | "stderr") =>
      onLine &&
      ((line: string) => {
        if (refusals.length > 0) return;
        try {
          onLine(line, stream);
        } catch (refusal) {
          refusals.push(refusal);
          end();
        }
      });
    const stdout = collect(child.stdout, end, tell("stdout"));
    const stderr = collect(child.stderr, end, tell("stderr"));
    const { code, signal } = await exit(child, program);
    if (refusals.length > 0) throw refusals[0];
    const result = { exitCode: code ?? -1, stdout: stdout.text(), stderr: stderr.text() };
    if (options.signal.aborted)
      throw new DockersnapError("cancelled", `${program} was stopped: the command was cancelled.`);
    if (timeout?.aborted) throw failure(program, `took longer than ${options.timeoutMs} ms`, result);
    if (stdout.overflowed() || stderr.overflowed()) throw failure(program, "wrote more than 16 MiB", result);
    if (signal !== null) throw failure(program, `was ended by ${signal}`, result);
    if (code !== 0 && options.allowFailure !== true) throw failure(program, `failed with exit code ${code}`, result);
    return result;
  } finally {
    stop.removeEventListener("abort", end);
    clearTimeout(force);
  }
};

function exit(child: ChildProcessByStdio<Writable, Readable, Readable>, program: string) {
  return new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve, reject) => {
    child.on("error", (cause: NodeJS.ErrnoException) => {
      const reason = cause.code === "ENOENT" ? "it is not installed on the daemon's host" : cause.message;
      reject(new DockersnapError("plugin_failed", `${program} cannot be run: ${reason}.`, { cause }));
    });
    child.on("close", (code, signal) => resolve({ code, signal }));
  });
}

function collect(stream: Readable, onOverflow: () => void, onLine: ((line: string) => void) | undefined) {
  const chunks: string[] = [];
  let length = 0;
  let overflowed = false;
  let line = "";
  stream.setEncoding("utf8");
  stream.on("data", (chunk: string) => {
    if (overflowed) return;
    chunks.push(chunk);
    length += chunk.length;
    if (onLine !== undefined) {
      const [first = "", ...others] = chunk.split("\n");
      line += first;
      for (const other of others) {
        onLine(line.replace(/\r$/, ""));
        line = other;
      }
    }
    if (length > longestOutput) {
      overflowed = true;
      onOverflow();
    }
  });
  stream.on("end", () => {
    if (line !== "" && !overflowed) onLine?.(line);
  });
  return { text: () => chunks.join(""), overflowed: () => overflowed };
}

const longestComplaint = 2000;

function failure(program: string, how: string, result: ProgramResult): DockersnapError {
  const said = (result.stderr.trim() || result.stdout.trim()).slice(-longestComplaint);
  return new DockersnapError("plugin_failed", `${program} ${how}${said === "" ? "." : `: ${said}`}`, {
    details: { program, exitCode: result.exitCode, stderr: result.stderr.slice(-longestComplaint) },
  });
}
