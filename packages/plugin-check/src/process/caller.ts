import { randomUUID } from "node:crypto";
import { dirname } from "node:path";
import type { PluginCommand, PluginInput } from "@dockersnap/contract";
import {
  bounds,
  callVariable,
  defaultTimeouts,
  invoke,
  PipeStock,
  pluginEnvironment,
  ResponseReader,
  StderrReader,
} from "@dockersnap/host/plugins";
import type { Report } from "../report.ts";
import { collectingLog } from "./collecting-log.ts";
import { endLeftovers } from "./leftovers.ts";
import { crashOf, type Observed, quote } from "./observed.ts";
import { ProgressReading } from "./progress-reading.ts";
import { filesIn, type Scratch } from "./scratch.ts";

export interface CallOptions {
  /** Text is written as it is, and without any stdin is empty. */
  readonly input?: PluginInput | string;
  /** No input comes, nor the end of one: it waits until `stop`. */
  readonly unfed?: true;
  /** The command's own time limit when left out, and less once it has been seen to hang. */
  readonly timeoutMs?: number;
  /** What was seen of the command before does not shorten its time. */
  readonly unhurried?: boolean;
  /** Ends the plugin as a cancelled operation does. */
  readonly stop?: AbortSignal;
  /** In place of what it would inherit. */
  readonly env?: Readonly<Record<string, string>>;
}

export interface CallerOptions {
  readonly path: string;
  readonly scratch: Scratch;
  readonly report: Report;
  /** What the plugin inherits. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Where a client that is told of no engine looks for one. */
  readonly hostSocket: string;
  readonly signal: AbortSignal;
}

const streaming: readonly string[] = [
  "deploy",
  "teardown",
  "pre_snapshot",
  "post_snapshot",
  "post_revert",
  "post_clone",
];

/** For a command that ran out of time once: what hangs in one call would make the whole check hang. */
const secondChanceMs = 5_000;

/** Answers somebody waits for: one that takes half of its time comes too late on a busy day. */
const timed: readonly string[] = ["schema", "init", "validate", "access", "describe", "health"];

/** Calls the plugin as the daemon does, in folders of its own, and judges what holds for every call. */
export class Caller {
  readonly #options: CallerOptions;
  readonly #pipes = new PipeStock();
  readonly #hung = new Set<string>();

  constructor(options: CallerOptions) {
    this.#options = options;
  }

  timeoutOf(command: string): number {
    return defaultTimeouts[command as PluginCommand] ?? defaultTimeouts.access;
  }

  /** Rejects only when the whole check was ended. */
  async call(command: string, options: CallOptions = {}): Promise<Observed> {
    const { path, scratch, signal } = this.#options;
    signal.throwIfAborted();
    const folders = scratch.callFolders;
    const id = randomUUID();
    const stdout = new ResponseReader();
    const progress = new ProgressReading();
    const streams = streaming.includes(command);
    const log = collectingLog();
    const stderr = new StderrReader(log);
    let raw = "";
    const { input } = options;
    const started = performance.now();
    const ending = await invoke(this.#pipes, {
      path,
      command,
      input: options.unfed ? new Promise(() => undefined) : textOf(command, input),
      env: { ...this.#environment(options.env), TMPDIR: folders.tmp, [callVariable]: id },
      cwd: folders.cwd,
      timeoutMs: this.#limitOf(command, options),
      signal: options.stop === undefined ? signal : AbortSignal.any([signal, options.stop]),
      onStdout: (chunk) => (streams ? progress.push(chunk) : stdout.push(chunk)),
      onStderr: (chunk) => {
        raw = `${raw}${chunk.toString("utf8")}`.slice(-bounds.keptStderr);
        return stderr.push(chunk);
      },
      endStrays: async () => void endLeftovers(id),
    });
    const tookMs = performance.now() - started;
    if (ending.kind === "timeout") this.#hung.add(command);
    stderr.end();
    progress.end();
    const left = endLeftovers(id);
    signal.throwIfAborted();
    const observed: Observed = {
      command,
      ending,
      tookMs,
      stdout: stdout.bytes(),
      progress,
      stderr: raw,
      said: stderr.words(),
      traces: [...filesIn(scratch.dataRoot), ...filesIn(folders.cwd), ...filesIn(folders.tmp)],
    };
    this.#judgeEnding(observed, typeof input === "object" || input === undefined);
    this.#judge(
      observed,
      folders,
      left.map(({ name }) => name),
      log.malformed,
    );
    if (observed.traces.length > 0) scratch.clear();
    return observed;
  }

  #limitOf(command: string, { timeoutMs = this.timeoutOf(command), unhurried }: CallOptions): number {
    return this.#hung.has(command) && !unhurried ? Math.min(timeoutMs, secondChanceMs) : timeoutMs;
  }

  #environment(own: Readonly<Record<string, string>> | undefined) {
    const { env, hostSocket, scratch } = this.#options;
    if (own !== undefined) return own;
    const kept = Object.entries(env).filter(([name]) => !/^(DOCKER_|DOCKERSNAP_|NODE_OPTIONS$)/.test(name));
    return pluginEnvironment(
      { ...Object.fromEntries(kept), DOCKER_HOST: `unix://${hostSocket}` },
      { logLevel: "info", compileCacheDir: scratch.path("compiled"), passed: ["DOCKER_HOST"] },
    );
  }

  #judgeEnding(observed: Observed, isGoodInput: boolean): void {
    const { report } = this.#options;
    const crash = crashOf(observed);
    if (crash === undefined) report.ok("process/crash");
    else if (isGoodInput) report.failed("process/crash", crash);
    else report.warn("process/crash", `given an input that is none, ${crash}`);
  }

  #judge(observed: Observed, folders: { cwd: string; tmp: string }, left: readonly string[], malformed: string[]) {
    const { report } = this.#options;
    const { command, ending, tookMs } = observed;
    // Who was ended from outside took what it had started along.
    if (ending.kind === "exit" && ending.killed) {
      report.failed("process/leftovers", `after ${command} had ended, a process it started still held its output open`);
    } else if (ending.kind === "exit" && left.length > 0) {
      report.warn("process/leftovers", `after ${command} had ended, this was still running: ${left.join(", ")}`);
    } else report.ok("process/leftovers");
    const strewn = filesIn(folders.cwd);
    if (strewn.length > 0) report.failed("process/working-folder", `${command} left ${strewn.join(", ")} there`);
    else report.ok("process/working-folder");
    // Who was stopped from outside had no time to clean up.
    if (ending.kind === "exit") {
      const temporary = filesIn(folders.tmp);
      if (temporary.length > 0) report.warn("process/temporary-files", `${command} left ${temporary.join(", ")} there`);
      else report.ok("process/temporary-files");
    }
    const [line] = malformed;
    if (line !== undefined) report.warn("process/logs", `${command} wrote ${quote(line)}`);
    else report.ok("process/logs");
    if (ending.kind !== "exit" || !timed.includes(command)) return;
    const limit = this.timeoutOf(command);
    if (tookMs > limit / 2) {
      report.warn("process/time", `${command} took ${seconds(tookMs)} of the ${seconds(limit)} it has`);
    } else report.ok("process/time");
  }
}

const textOf = (command: string, input: CallOptions["input"]) =>
  typeof input === "object" ? JSON.stringify({ ...input, command }) : input;

const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`;

/** As little as a service manager gives its services. */
export const bareEnvironment = (base: Readonly<Record<string, string | undefined>>): Record<string, string> => ({
  PATH: `${dirname(process.execPath)}:${base.PATH ?? "/usr/sbin:/usr/bin:/sbin:/bin"}`,
});
