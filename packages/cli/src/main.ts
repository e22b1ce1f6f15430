import { type Client, createClient } from "@dockersnap/client";
import { nearest } from "@dockersnap/contract/words";
import type { AnyCommand, Command } from "./command.ts";
import { exitCodes, HelpRequested, reportFailure, UsageError } from "./failure.ts";
import { follower } from "./follow.ts";
import type { Io, Surroundings } from "./io.ts";
import type { GlobalValues } from "./options.ts";
import { type Format, Output } from "./output/output.ts";
import { withCleanSinks } from "./output/terminal.ts";
import { entries, findByName, type Noun, type Verb, verbOf } from "./verbs.ts";
import { cliVersion, versionFlags } from "./version.ts";
import { isGlobal, verbIndex } from "./words.ts";

const defaultRemote = "http://127.0.0.1:9847";

/** Runs one command line (without the program's own name) to its end and answers with the exit code. */
export async function main(argv: readonly string[], around: Surroundings): Promise<number> {
  const io = withCleanSinks(around);
  try {
    if (!isEvaluated(argv, io)) return await dispatch(argv, io);
    const { evaluated } = await import("./access/evaluated.ts");
    return await evaluated(argv, io, (held) => dispatch(argv, held));
  } catch (error) {
    if (error instanceof HelpRequested) {
      io.stdout.write(error.text);
      return exitCodes.done;
    }
    return reportFailure(error, io, { json: asksForJson(argv), color: colored(io, argv.includes("--no-color")) });
  }
}

async function dispatch(argv: readonly string[], io: Io): Promise<number> {
  const at = verbIndex(argv, 0);
  const word = argv[at];
  const before = argv.slice(0, at);
  if (word === undefined || word === "help") return help(word === undefined ? [] : argv.slice(at + 1), before, io);
  if (completes.includes(word)) return complete(argv.slice(at + 1), io);
  const entry = findByName(word, entries);
  if (entry === undefined) throw unknownVerb("dockersnap", word, entries);
  if (!("verbs" in entry)) return runVerb(`dockersnap ${word}`, entry, before, argv.slice(at + 1), io);
  return runNoun(entry, word, before, argv.slice(at + 1), io);
}

async function runNoun(noun: Noun, word: string, before: string[], after: string[], io: Io): Promise<number> {
  const path = `dockersnap ${word}`;
  const at = verbIndex(after, 0);
  const verbWord = after[at];
  if (verbWord === undefined || verbWord === "help") {
    const fallback = verbWord === undefined && !asksForHelp(after) ? noun.fallback : undefined;
    const verb = fallback === undefined ? undefined : findByName(fallback, noun.verbs);
    if (verb !== undefined) return runVerb(path, verb, before, after, io);
    const { nounHelp } = await import("./help.ts");
    io.stdout.write(await nounHelp(path, noun));
    return exitCodes.done;
  }
  const found = verbOf(noun, verbWord);
  if (found === undefined) throw unknownVerb(path, verbWord, noun.verbs);
  const { verb, named } = found;
  if (!named) return runVerb(path, verb, before, after, io);
  return runVerb(`${path} ${verbWord}`, verb, [...before, ...after.slice(0, at)], after.slice(at + 1), io);
}

async function runVerb(path: string, verb: Verb, before: string[], after: string[], io: Io): Promise<number> {
  const command: AnyCommand = await verb.load();
  if ("daemonVerb" in command) {
    return io.become(process.execPath, [io.daemonProgram, command.daemonVerb, ...after]);
  }
  return runCommand(path, command, [...before, ...after], io);
}

async function runCommand(path: string, command: Command, words: readonly string[], io: Io): Promise<number> {
  const { parseCommand } = await import("./parse.ts");
  const parsed = parseCommand(path, command, words);
  const { globals } = parsed;
  const wide = globals.output === "wide";
  const out = new Output(io, {
    format: globals.output === undefined || wide ? "text" : (globals.output as Format),
    wide,
    quiet: globals.quiet,
    color: colored(io, globals.noColor),
  });
  let client: Client | undefined;
  const connect = () => {
    client ??= connected(globals, io);
    return client;
  };
  const code = await command.run({
    args: parsed.args as never,
    options: parsed.options as never,
    get client() {
      return connect();
    },
    out,
    follow: follower(io, out, connect),
    io,
  });
  return code ?? exitCodes.done;
}

function connected(globals: GlobalValues, io: Io): Client {
  return createClient({
    baseUrl: globals.remote ?? (io.env.DOCKERSNAP_REMOTE || defaultRemote),
    token: globals.token ?? io.env.DOCKERSNAP_TOKEN,
    fetch: async (url, request) => (await import("./node-fetch.ts")).nodeFetch(url, request),
  });
}

async function help(words: readonly string[], before: readonly string[], io: Io): Promise<number> {
  if (words.length > 0) return dispatch([...words, "--help"], io);
  if (before.some((word) => versionFlags.includes(word))) {
    io.stdout.write(`${cliVersion}\n`);
    return exitCodes.done;
  }
  const strange = before.find((word) => word.startsWith("-") && !isHelp(word) && !isGlobal(word));
  if (strange !== undefined) throw new UsageError(`Unknown option '${strange}'. See 'dockersnap --help'.`);
  const { programHelp } = await import("./help.ts");
  io.stdout.write(await programHelp());
  return exitCodes.done;
}

async function complete(words: readonly string[], io: Io): Promise<number> {
  const { completions } = await import("./completion/complete.ts");
  io.stdout.write(await completions(words[0] === "--" ? words.slice(1) : words, (globals) => connected(globals, io)));
  return exitCodes.done;
}

/** What the completion scripts of shells call; those that the Go program wrote may still be there. */
const completes = ["complete", "__complete", "__completeNoDesc"];

const isHelp = (word: string) => word === "-h" || word === "--help";
const asksForHelp = (words: readonly string[]) => words.some(isHelp);

function unknownVerb(path: string, word: string, among: readonly (Verb | Noun)[]): UsageError {
  const near = nearest(word, namesOf(among));
  const hint = near === undefined ? "" : ` Did you mean '${near}'?`;
  return new UsageError(`'${word}' is not a verb of ${path}.${hint} See '${path} --help'.`);
}

/**
 * Whether a shell is about to evaluate what this command line prints: `use` is its verb, or was meant to be (a verb that does
 * not exist and is spelled almost so, an option that took the verb for its value). On a terminal nothing evaluates it.
 */
function isEvaluated(argv: readonly string[], io: Io): boolean {
  if (io.stdout.isTTY) return false;
  const word = argv[verbIndex(argv, 0)];
  if (word === "use") return true;
  if (word === undefined || word === "help" || completes.includes(word) || findByName(word, entries) !== undefined) {
    return false;
  }
  return argv.includes("use") || nearest(word, namesOf(entries)) === "use";
}

const namesOf = (among: readonly (Verb | Noun)[]) => among.flatMap((one) => one.names);

/** Also for words that could not be parsed. */
function asksForJson(argv: readonly string[]): boolean {
  return argv.some(
    (word, index) =>
      /^(-q?o=?|--output=)json$/.test(word) || (word === "json" && /^(-q?o|--output)$/.test(argv[index - 1] ?? "")),
  );
}

function colored(io: Io, noColor: boolean): boolean {
  return !noColor && !io.env.NO_COLOR && io.env.TERM !== "dumb" && io.stdout.isTTY && io.stderr.isTTY;
}
