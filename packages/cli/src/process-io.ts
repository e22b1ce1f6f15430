import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { constants, homedir } from "node:os";
import { createInterface } from "node:readline";
import type { Choice, Conversation, Io, Stream, Surroundings } from "./io.ts";

/** The real process, with what is installed beside it. */
export function processIo(
  installed: Pick<Io, "daemonProgram" | "pluginCheckProgram" | "pluginSdkFolder">,
): Surroundings {
  const stdout = streamOf(process.stdout);
  const stderr = streamOf(process.stderr);
  return {
    stdout,
    stderr,
    interactive: process.stdin.isTTY === true && process.stderr.isTTY === true,
    env: process.env,
    get home() {
      return homedir();
    },
    get parentProgram() {
      return nameOf(process.ppid);
    },
    ...installed,
    onInterrupt(listener) {
      process.on("SIGINT", listener);
      return { [Symbol.dispose]: () => process.off("SIGINT", listener) };
    },
    onTermination(listener) {
      const signals = ["SIGTERM", "SIGHUP"] as const;
      for (const signal of signals) process.on(signal, listener);
      return {
        [Symbol.dispose]: () => {
          for (const signal of signals) process.off(signal, listener);
        },
      };
    },
    async confirm(question) {
      const { confirm } = await import("@clack/prompts");
      return (await confirm({ message: question, initialValue: false, output: sized(process.stderr) })) === true;
    },
    async choose(question, choices, signal) {
      const { select } = await import("@clack/prompts");
      const options = choices.map(({ value, label }: Choice) => ({ value, label }));
      const answer = await select({ message: question, options, output: sized(process.stderr), signal });
      return typeof answer === "string" ? answer : undefined;
    },
    run: runProgram,
    converse,
    async become(program, args) {
      if (process.execve === undefined) return runProgram(program, args, process.env);
      const env = Object.fromEntries(Object.entries(process.env).filter((entry) => entry[1] !== undefined));
      // Same pid, so a supervisor that started the command line supervises the daemon.
      return process.execve(program, [program, ...args], env as Record<string, string>);
    },
  };
}

/** A process's name, from the files that Linux has about it. */
function nameOf(pid: number): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/comm`, "utf8").trimEnd();
  } catch {
    return undefined;
  }
}

/** Serial consoles and bare pseudo-terminals do not tell how wide they are, and prompts would put each letter on a line. */
function sized(stream: NodeJS.WriteStream): NodeJS.WriteStream {
  if (stream.columns === 0) stream.columns = 80;
  return stream;
}

/** A reader that is gone (`dockersnap list | head -1`), or a terminal that was closed, is no failure of ours. */
function streamOf(stream: NodeJS.WriteStream): Stream {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE" && error.code !== "EIO") throw error;
  });
  return {
    write: (text) => stream.write(text),
    isTTY: stream.isTTY === true,
    get columns() {
      return stream.columns as number | undefined;
    },
  };
}

function runProgram(
  program: string,
  args: readonly string[],
  env: Record<string, string | undefined>,
): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const child = spawn(program, args, { env, stdio: "inherit" });
  // The terminal sends Ctrl-C to both; the program decides what it means. A signal for us alone is passed on.
  const ignore = () => undefined;
  const passOn = (signal: NodeJS.Signals) => child.kill(signal);
  process.on("SIGINT", ignore);
  process.on("SIGTERM", passOn);
  process.on("SIGHUP", passOn);
  child.once("error", reject);
  child.once("exit", (code, signal) => resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal])));
  return promise.finally(() => {
    process.off("SIGINT", ignore);
    process.off("SIGTERM", passOn);
    process.off("SIGHUP", passOn);
  });
}

async function converse(
  program: string,
  args: readonly string[],
  { firstLine, onLine, signal }: Conversation,
): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const child = spawn(program, args, { stdio: ["pipe", "pipe", "inherit"] });
  child.once("error", reject);
  child.once("close", (code, name) => resolve(code ?? 128 + (name === null ? 0 : constants.signals[name])));
  // A program that ended before it read this says by its exit code why.
  child.stdin.on("error", () => undefined);
  child.stdin.write(`${firstLine}\n`);
  const leave = () => child.stdin.end();
  signal.addEventListener("abort", leave, { once: true });
  if (signal.aborted) leave();
  createInterface({ input: child.stdout }).on("line", onLine);
  return promise.finally(() => signal.removeEventListener("abort", leave));
}
