import { statSync } from "node:fs";
import {
  checkConfig,
  contractVersion,
  DockersnapError,
  type ErrorEnvelope,
  type Hook,
  nearest,
  type PluginCommand,
  type ProgressEvent,
} from "@dockersnap/contract/words";
import type { ConfigOptions } from "./config/declaration.ts";
import type { Context } from "./context.ts";
import { hooks, type PluginDefinition } from "./definition.ts";
import { engineHealth } from "./docker/health.ts";
import { type ParsedInput, parseInput } from "./input.ts";
import { createLogger, type Logger } from "./logger.ts";
import { ProgressReporter } from "./progress.ts";
import { accessResponse } from "./responses/access.ts";
import { describeResponse } from "./responses/describe.ts";
import { healthResponse } from "./responses/health.ts";
import { schemaResponse } from "./responses/schema.ts";
import { validateResponse } from "./responses/validate.ts";
import { createContext, type Services } from "./run-context.ts";

/** The outside of one run: its streams, and what its context reaches out with. */
export interface CommandIo extends Pick<Services, "run" | "docker" | "signal" | "env"> {
  /** All of stdin. Not asked for by `init` and `schema`. */
  readonly readInput: () => Promise<string>;
  readonly writeOutput: (text: string) => void;
  readonly writeLogLine: (line: string) => void;
  /** Why the command failed, for people: plain words on stderr. */
  readonly writeReason: (words: string) => void;
  readonly now: () => Date;
  /** Rejects when the command cannot come to an end by itself any more. */
  readonly broken?: Promise<never>;
}

/** sysexits' "usage", which the contract reserves for a command that is not implemented. */
const notImplemented = 64;

const commands = [
  "init",
  "schema",
  "validate",
  "deploy",
  "teardown",
  "access",
  "describe",
  "health",
  ...hooks,
] as const;
const streamingCommands = ["deploy", "teardown", ...hooks] as const;
type StreamingCommand = (typeof streamingCommands)[number];

/** Longer answers are not read by the daemon. */
const longestResponse = 4 * 1024 * 1024;

/** Runs one command to its end and returns the exit code. Never rejects: a failure is in the output. */
export async function runCommand<const O extends ConfigOptions>(
  plugin: PluginDefinition<O>,
  word: string | undefined,
  io: CommandIo,
): Promise<number> {
  const command = commands.find((known) => known === word);
  if (command === undefined || (isHook(command) && plugin.handlers[command] === undefined)) {
    fail(io, { error: unknownCommand(plugin, word) });
    return notImplemented;
  }
  if (isStreaming(command)) return stream(plugin, command, io);
  try {
    const answer = await unlessBroken(io, answerTo(plugin, command, io));
    if (answer !== undefined) write(io, answer);
    if (!isRefusal(answer)) return 0;
    io.writeReason(answer.errors.join(" "));
    return 1;
  } catch (error) {
    fail(io, { error: messageOf(error), ...detailsOf(error) });
    loggerFor(plugin, command, io).debug("the command failed", { stack: stackOf(error) });
    return 1;
  }
}

async function answerTo<O extends ConfigOptions>(
  plugin: PluginDefinition<O>,
  command: PluginCommand,
  io: CommandIo,
): Promise<object | undefined> {
  const { handlers } = plugin;
  if (command === "schema") return schemaResponse(plugin);
  if (command === "init") {
    await handlers.init?.({ logger: loggerFor(plugin, command, io), signal: io.signal });
    return undefined;
  }
  const { ctx, problems } = await prepare(plugin, command, io);
  if (command === "validate") {
    if (problems.length > 0) return validateResponse({ errors: problems });
    return validateResponse((await handlers.validate?.(ctx)) ?? {});
  }
  refuse(problems);
  switch (command) {
    case "access":
      return accessResponse((await handlers.access?.(ctx)) ?? {});
    case "describe":
      return describeResponse(plugin.name, ctx, (await handlers.describe?.(ctx)) ?? { status: "unknown" });
    default:
      return healthResponse(
        plugin.name,
        handlers.health === undefined ? await engineHealth(ctx.dockerClient(), ctx.signal) : await handlers.health(ctx),
      );
  }
}

async function stream<O extends ConfigOptions>(
  plugin: PluginDefinition<O>,
  command: StreamingCommand,
  io: CommandIo,
): Promise<number> {
  const progress = new ProgressReporter(command, (event: ProgressEvent) => {
    write(io, event);
    if (event.status === "error") io.writeReason(event.message ?? `${event.step} failed`);
  });
  try {
    await unlessBroken(io, report(plugin, command, io, progress));
  } catch (error) {
    progress.fail(wholeMessageOf(error));
    loggerFor(plugin, command, io).debug("the command failed", { stack: stackOf(error) });
    return 1;
  }
  return progress.failed ? 1 : 0;
}

async function report<O extends ConfigOptions>(
  plugin: PluginDefinition<O>,
  command: StreamingCommand,
  io: CommandIo,
  progress: ProgressReporter,
): Promise<void> {
  const { ctx, problems } = await prepare(plugin, command, io);
  // What was set up under an older version's rules can still be taken down.
  if (command === "teardown") for (const problem of problems) ctx.logger.warn(problem);
  else refuse(problems);
  const handler = plugin.handlers[command];
  if (handler === undefined) progress.complete(`${plugin.name} has nothing to do for ${command}`);
  else await handler(ctx, progress);
  progress.complete();
}

const unlessBroken = <T>({ broken }: CommandIo, work: Promise<T>): Promise<T> =>
  broken === undefined ? work : Promise.race([work, broken]);

async function prepare<O extends ConfigOptions>(
  plugin: PluginDefinition<O>,
  command: PluginCommand,
  io: CommandIo,
): Promise<{ ctx: Context<O>; problems: string[] }> {
  const input: ParsedInput = parseInput(await io.readInput(), command);
  const logger = loggerFor(plugin, command, io, input.instance_name);
  // A file may be gone once it has been used.
  const needsFiles = command === "validate" || command === "deploy";
  const { config, problems } = checkConfig(plugin.configOptions, input.plugin_config, {
    instanceName: input.instance_name,
    ...(needsFiles && { fileExists: isFile }),
  });
  const ctx = createContext(plugin.configOptions, command, input, config, { ...io, logger });
  return { ctx, problems: problems.map((problem) => problem.message) };
}

const isFile = (path: string) => statSync(path, { throwIfNoEntry: false })?.isFile() === true;

function refuse(problems: readonly string[]): void {
  if (problems.length > 0) throw new DockersnapError("invalid_request", problems.join(" "));
}

const isRefusal = (answer: object | undefined): answer is { readonly errors: readonly string[] } =>
  answer !== undefined && "valid" in answer && answer.valid === false;

function loggerFor<O extends ConfigOptions>(
  plugin: PluginDefinition<O>,
  command: PluginCommand,
  io: CommandIo,
  instance?: string,
): Logger {
  const origin = { plugin: plugin.name, command, level: io.env.DOCKERSNAP_LOG_LEVEL };
  return createLogger(instance === undefined ? origin : { ...origin, instance }, io.writeLogLine, io.now);
}

function write(io: CommandIo, document: object): void {
  const line = `${JSON.stringify(document)}\n`;
  const bytes = Buffer.byteLength(line);
  if (bytes > longestResponse) {
    throw new DockersnapError("plugin_failed", `The answer has ${bytes} bytes; a daemon reads ${longestResponse}.`);
  }
  io.writeOutput(line);
}

/** On stdout as the contract has it, and in plain words on stderr, which is all that some daemons tell of a failure. */
function fail(io: CommandIo, failure: ErrorEnvelope): void {
  write(io, { contract_version: contractVersion, ...failure });
  io.writeReason(failure.details === undefined ? failure.error : `${failure.error}: ${failure.details}`);
}

function unknownCommand<O extends ConfigOptions>(plugin: PluginDefinition<O>, word: string | undefined): string {
  const known = commands.filter((command) => !isHook(command) || plugin.handlers[command] !== undefined);
  if (word === undefined) return `${plugin.name} needs a command: ${known.join(", ")}.`;
  const meant = nearest(word, known);
  return `${plugin.name} has no command '${word}'. ${meant === undefined ? `It has ${known.join(", ")}.` : `Did you mean '${meant}'?`}`;
}

const isHook = (command: PluginCommand): command is Hook => hooks.some((hook) => hook === command);

const isStreaming = (command: PluginCommand): command is StreamingCommand =>
  streamingCommands.some((streaming) => streaming === command);

function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return engineWords(error) ?? (error.message === "" ? String(error) : error.message);
}

/** What an engine said, where this is its refusal: dockerode puts the code and a phrase of its own before the words. */
function engineWords({
  message,
  statusCode,
  reason = "unexpected",
}: Error & { statusCode?: unknown; reason?: unknown }) {
  const prefix = `(HTTP code ${statusCode}) ${reason} - `;
  return message.startsWith(prefix) ? `The engine refused: ${message.slice(prefix.length).trim()}` : undefined;
}

/** With what caused it, for which an event has no field of its own. */
function wholeMessageOf(error: unknown): string {
  const message = messageOf(error);
  const { details } = detailsOf(error);
  return details === undefined || message.includes(details) ? message : `${message}: ${details}`;
}

/** The chain of causes, outermost first. */
function detailsOf(error: unknown): { details?: string } {
  const causes: string[] = [];
  for (let cause = error instanceof Error ? error.cause : undefined; cause !== undefined && causes.length < 8; ) {
    causes.push(messageOf(cause));
    cause = cause instanceof Error ? cause.cause : undefined;
  }
  return causes.length === 0 ? {} : { details: causes.join(": ") };
}

const stackOf = (error: unknown) => (error instanceof Error ? error.stack : String(error));
