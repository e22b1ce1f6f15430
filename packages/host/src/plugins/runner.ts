import type { PluginCommand, PluginInput, ProgressEvent } from "@dockersnap/contract";
import type { Log } from "@dockersnap/core";
import { type LogAllowance, logAllowances } from "./bounds.ts";
import { type CallsUnderWay, callVariable } from "./calls-under-way.ts";
import { type Ending, invoke } from "./invoke.ts";
import { StderrReader } from "./log-forwarding.ts";
import type { PipeStock } from "./pipes.ts";
import { ProgressReader } from "./progress.ts";
import { ResponseReader } from "./response.ts";
import type { PluginTimeouts } from "./timeouts.ts";

/** One command of one plugin. */
export interface PluginCall {
  readonly plugin: string;
  readonly path: string;
  readonly command: PluginCommand;
  /** For one that is still to come, and never rejects, the process is started at once and waits. */
  readonly input?: PluginInput | Promise<PluginInput>;
  /** Whose it is, for the log; as in the input when left out. */
  readonly instance?: string;
  readonly signal?: AbortSignal | undefined;
}

/** What a plugin's process did. */
export interface Answered {
  readonly ending: Ending;
  readonly stdout: Buffer;
  readonly stderr: string;
}

export interface Streamed {
  readonly ending: Ending;
  /** What was on stdout and is no event. */
  readonly stdout: string;
  readonly lastError: string | undefined;
  readonly fault: { readonly error: unknown } | undefined;
  readonly stderr: string;
}

interface Options {
  readonly pipes: PipeStock;
  readonly calls: CallsUnderWay;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly timeouts: PluginTimeouts;
  /** Why this file is not to be run now, or undefined. */
  readonly whyRefused: (path: string) => Promise<string | undefined>;
  readonly log: Log;
}

/** Where a call's stderr goes, and how much of it. */
interface Told {
  readonly log: Log;
  readonly allowance: LogAllowance;
}

/** Runs plugins' processes and reads what they write; what it means is for whoever asked. */
export class PluginRunner {
  readonly #options: Options;

  constructor(options: Options) {
    this.#options = options;
  }

  /** A command that answers once. */
  async answer(call: PluginCall): Promise<Answered> {
    const stdout = new ResponseReader();
    const { ending, stderr } = await this.#run(call, (chunk) => stdout.push(chunk), {
      log: this.#logOf(call),
      allowance: logAllowances.answer,
    });
    return { ending, stdout: stdout.bytes(), stderr };
  }

  /** A command that tells its progress. */
  async stream(call: PluginCall, onProgress: (event: ProgressEvent) => void): Promise<Streamed> {
    const log = this.#logOf(call);
    const progress = new ProgressReader(log, onProgress);
    const { ending, stderr } = await this.#run(call, (chunk) => progress.push(chunk), {
      log,
      allowance: logAllowances.progress,
    });
    progress.end();
    return { ending, stdout: progress.otherOutput, lastError: progress.lastError, fault: progress.fault, stderr };
  }

  async #run(call: PluginCall, onStdout: (chunk: Buffer) => string | undefined, { log, allowance }: Told) {
    const { pipes, calls, env, timeouts, whyRefused } = this.#options;
    const refusal = await whyRefused(call.path);
    if (refusal !== undefined) {
      const ending: Ending = { kind: "unstartable", cause: new Error(refusal) };
      return { ending, stderr: "" };
    }
    const stderr = new StderrReader(log, allowance);
    const underWay = calls.begin();
    try {
      const ending = await invoke(pipes, {
        path: call.path,
        command: call.command,
        input: textOf(call),
        env: { ...env, [callVariable]: underWay.id },
        timeoutMs: timeouts[call.command],
        signal: call.signal,
        onStdout,
        onStderr: (chunk) => stderr.push(chunk),
        endStrays: () => underWay.endProcesses(),
      });
      stderr.end();
      return { ending, stderr: stderr.words() };
    } finally {
      underWay.end();
    }
  }

  #logOf({ plugin, command, input, instance }: PluginCall): Log {
    const whose = instance ?? (input instanceof Promise ? undefined : input?.instance_name);
    return this.#options.log.child({ plugin, command, ...(whose === undefined ? {} : { instance: whose }) });
  }
}

function textOf({ input }: PluginCall): string | Promise<string> | undefined {
  if (input === undefined) return undefined;
  return input instanceof Promise ? input.then((late) => JSON.stringify(late)) : JSON.stringify(input);
}
