import { fstatSync, readSync, realpathSync, writeSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { type CommandIo, runCommand } from "./command.ts";
import type { ConfigOptions } from "./config/declaration.ts";
import type { PluginDefinition } from "./definition.ts";
import { dockerOn } from "./docker/client.ts";
import { run } from "./program/run.ts";
import { noEngine } from "./run-context.ts";

/** Within this time of SIGTERM a handler may still clean up; the daemon kills half a second later. */
const graceMs = 1500;

/**
 * Keeps stdout for the contract from now on, and runs the command this process was started with once the plugin's module has
 * been evaluated to its end. Then the process ends with the command's exit code.
 */
export function startInProcess<const O extends ConfigOptions>(plugin: PluginDefinition<O>): void {
  const writeOutput = claimStdout();
  // What is declared below the call is not there before.
  setImmediate(() => void runInProcess(plugin, writeOutput));
}

async function runInProcess<const O extends ConfigOptions>(
  plugin: PluginDefinition<O>,
  writeOutput: (text: string) => void,
): Promise<never> {
  const command = process.argv[2];
  const cancel = new AbortController();
  if (command === "init") cancelOnSignal(cancel);
  const io: CommandIo = {
    async readInput() {
      if (command === "deploy") await prepareClient();
      const input = await readStdin();
      // Only now: until its input is there a command has nothing to clean up, and a signal simply ends it.
      cancelOnSignal(cancel);
      return input;
    },
    writeOutput,
    writeLogLine: (line) => process.stderr.write(`${line}\n`),
    writeReason: (words) => process.stderr.write(`${words}\n`),
    now: () => new Date(),
    run,
    docker: dockerOn,
    signal: cancel.signal,
    env: process.env,
    broken: broken(),
  };
  const exitCode = await runCommand(plugin, command, io);
  // Connections the client keeps open would hold the process; writes to a pipe are done by the time they return.
  process.exit(exitCode);
}

function cancelOnSignal(cancel: AbortController): void {
  const onSignal = () => {
    cancel.abort();
    setTimeout(() => process.exit(1), graceMs).unref();
  };
  process.once("SIGTERM", onSignal).once("SIGINT", onSignal);
}

/** Rejects with what nobody caught, and when nothing is left that could settle what a handler waits for. */
function broken(): Promise<never> {
  return new Promise((_, reject) => {
    process.once("uncaughtException", reject);
    process.once("beforeExit", () => reject(new Error("The plugin waits for something that can no longer happen.")));
  });
}

/**
 * Keeps stdout for the contract: whatever else is printed, by `console.log` or a library, goes to stderr. Node's stream for
 * it is set up only where it is needed, since that takes longer than a short answer.
 */
function claimStdout(): (text: string) => void {
  const { get: openStdout } = Object.getOwnPropertyDescriptor(process, "stdout") ?? {};
  Object.defineProperty(process, "stdout", { configurable: true, get: () => process.stderr });
  let stream: NodeJS.WriteStream | undefined;
  return (text) => {
    let bytes = Buffer.from(text);
    try {
      while (stream === undefined && bytes.length > 0) bytes = bytes.subarray(writeSync(1, bytes));
    } catch (error) {
      // The reader is gone, and with it whoever wanted the answer.
      if (!isNonBlocking(error)) process.exit(1);
      stream = openStdout?.call(process) as NodeJS.WriteStream;
      stream.on("error", () => process.exit(1));
    }
    if (bytes.length > 0) stream?.write(bytes);
  };
}

/** A pipe that someone made non-blocking; Node's stream waits for its other end. */
const isNonBlocking = (error: unknown) => error instanceof Error && "code" in error && error.code === "EAGAIN";

/**
 * All of stdin; nothing of a terminal. Node's stream for it takes longer to set up than most commands take, so it is used
 * only where the pipe cannot be waited on.
 */
async function readStdin(): Promise<string> {
  if (fstatSync(0).isCharacterDevice()) return "";
  const chunks: Buffer[] = [];
  const chunk = Buffer.allocUnsafe(65_536);
  try {
    for (let length = readSync(0, chunk); length > 0; length = readSync(0, chunk)) {
      chunks.push(Buffer.from(chunk.subarray(0, length)));
    }
  } catch (error) {
    if (!isNonBlocking(error)) throw error;
    for await (const rest of process.stdin) chunks.push(rest);
  }
  return Buffer.concat(chunks).toString("utf8");
}

/**
 * A deploy is started before its input is there, and most go on to ask the engine: the wait has time for loading the client,
 * and for all that Node sets up with a process's first request, here to where no engine is.
 */
async function prepareClient(): Promise<void> {
  try {
    await dockerOn(noEngine).ping();
  } catch {
    // What is wrong with the client itself is told to the handler that asks for one.
  }
}

/**
 * Whether the module that called `callee` is the program itself, rather than imported by one, such as a test. In a bundle
 * every module is the program.
 */
export function isCalledByProgram(callee: (...args: never) => unknown): boolean {
  const caller = callerOf(callee);
  const program = process.argv[1];
  if (caller === undefined || program === undefined) return true;
  const path = caller.startsWith("file:") ? fileURLToPath(caller) : caller;
  return realPath(path) === realPath(program);
}

function callerOf(callee: (...args: never) => unknown): string | undefined {
  const prepare = Error.prepareStackTrace;
  try {
    Error.prepareStackTrace = (_, sites) => sites[0]?.getFileName();
    const holder: { stack?: string } = {};
    Error.captureStackTrace(holder, callee);
    return holder.stack;
  } finally {
    Error.prepareStackTrace = prepare;
  }
}

function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    // A name a loader made up is nobody's program.
    return path;
  }
}
