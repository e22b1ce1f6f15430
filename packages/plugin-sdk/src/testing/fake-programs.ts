import { DockersnapError } from "@dockersnap/contract/words";
import type { ProgramResult, RunProgram } from "../program/program.ts";

/** A program a handler ran. */
export interface ProgramCall {
  readonly program: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly input: string | undefined;
}

/** What a program is to answer; what is left out is a success that says nothing. */
export type FakeProgram = (call: ProgramCall) => Partial<ProgramResult> | Promise<Partial<ProgramResult>>;

/** Programs that are not there: each call is kept, and answered by what a test gave for its name, or with success. */
export class FakePrograms {
  readonly calls: ProgramCall[] = [];
  readonly #programs = new Map<string, FakeProgram>();

  /** The next calls of `program` are answered so. Under `nsenter` a program answers to its own name. */
  answer(program: string, answer: FakeProgram): void {
    this.#programs.set(program, answer);
  }

  readonly run: RunProgram = async (program, args, options) => {
    const call: ProgramCall = { program, args, env: options.env, input: options.input };
    this.calls.push(call);
    const inner = program === "nsenter" ? args.slice(args.indexOf("--") + 1) : [program, ...args];
    const [name = program, ...rest] = inner;
    const answer = await this.#programs.get(name)?.({ ...call, program: name, args: rest });
    const result = { exitCode: 0, stdout: "", stderr: "", ...answer };
    for (const stream of ["stdout", "stderr"] as const) {
      for (const line of result[stream].split("\n").filter(Boolean)) options.onLine?.(line, stream);
    }
    if (result.exitCode !== 0 && options.allowFailure !== true) {
      throw new DockersnapError("plugin_failed", `${name} failed with exit code ${result.exitCode}: ${result.stderr}`);
    }
    return result;
  };
}
