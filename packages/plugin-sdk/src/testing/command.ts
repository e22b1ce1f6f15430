import type { PluginCommand, PluginInput, PluginInstance, ProgressEvent } from "@dockersnap/contract/words";
import { runCommand as runReal } from "../command.ts";
import type { ConfigOptions } from "../config/declaration.ts";
import type { PluginDefinition } from "../definition.ts";
import type { LogLine } from "./context.ts";
import { FakeDocker } from "./fake-docker.ts";
import { FakePrograms } from "./fake-programs.ts";
import { exampleInput } from "./input.ts";

/** What a command reaches in place of the real thing; fakes of its own unless given. */
export interface CommandOptions {
  readonly docker?: FakeDocker;
  readonly programs?: FakePrograms;
  readonly signal?: AbortSignal;
}

/** A command that ran to its end. */
export interface CommandResult {
  readonly exitCode: number;
  /** The answer, parsed: the one document, or the last event. Undefined where nothing was written. */
  readonly stdout: unknown;
  /** Every line of stdout, parsed. */
  readonly documents: readonly unknown[];
  /** The same for commands that report progress. */
  readonly events: readonly ProgressEvent[];
  readonly logs: readonly LogLine[];
  /** Why it failed, as plain words on stderr; undefined where it succeeded. */
  readonly reason: string | undefined;
}

/** Fields of a `PluginInput` to put over an example's; a string is sent as it is. */
export type CommandInput =
  | string
  | (Partial<Omit<PluginInput, "instance">> & { readonly instance?: Partial<PluginInstance> });

/** Runs a command as the daemon would, streams and exit code included, without a process. */
export async function runCommand<const O extends ConfigOptions>(
  plugin: PluginDefinition<O>,
  command: PluginCommand | (string & {}) | undefined,
  input: CommandInput = {},
  { docker = new FakeDocker(), programs = new FakePrograms(), signal }: CommandOptions = {},
): Promise<CommandResult> {
  let output = "";
  const logs: LogLine[] = [];
  let reason: string | undefined;
  const exitCode = await runReal(plugin, command, {
    readInput: async () => (typeof input === "string" ? input : JSON.stringify(complete(input, command))),
    writeOutput: (text) => {
      output += text;
    },
    writeLogLine: (line) => logs.push(JSON.parse(line)),
    writeReason: (words) => {
      reason = words;
    },
    now: () => new Date(0),
    run: programs.run,
    docker: () => docker.client(),
    signal: signal ?? new AbortController().signal,
    env: { DOCKERSNAP_LOG_LEVEL: "DEBUG" },
  });
  const documents = output
    .split("\n")
    .filter(Boolean)
    .map((line): unknown => JSON.parse(line));
  return { exitCode, stdout: documents.at(-1), documents, events: documents as ProgressEvent[], logs, reason };
}

function complete(input: Exclude<CommandInput, string>, command: string | undefined): object {
  const example = exampleInput(input.instance_name ?? input.instance?.name ?? "demo", input.instance);
  return { ...example, command, ...input, instance: example.instance };
}
