import type { Client } from "@dockersnap/client";
import type { Argument, Completes } from "../arguments.ts";
import type { Command } from "../command.ts";
import { flagOf, type GlobalValues, globalOptions, type Option, optionOf } from "../options.ts";
import { oneLine } from "../output/printable.ts";
import { entries, findByName, type Verb, verbOf } from "../verbs.ts";
import { verbIndex } from "../words.ts";
import { namesFor, type Suggestion, type Suggestions } from "./names.ts";

/** What the scripts of the shells read from the last line: bits added up. */
const noSpace = 2;
const noFiles = 4;

/**
 * What the last of `words` can become, one suggestion a line with its description behind a tab, then a colon and what the
 * shell is to do. A daemon that does not answer suggests nothing.
 */
export async function completions(
  words: readonly string[],
  connect: (globals: GlobalValues) => Client,
): Promise<string> {
  const { suggestions, space = true, files = false } = await suggest(words.slice(0, -1), words.at(-1) ?? "", connect);
  const lines = suggestions.map(({ value, about }) => `${oneLine(value)}\t${oneLine(about ?? "")}\n`);
  return `${lines.join("")}:${(space ? 0 : noSpace) + (files ? 0 : noFiles)}\n`;
}

async function suggest(
  before: readonly string[],
  current: string,
  connect: (globals: GlobalValues) => Client,
): Promise<Suggestions> {
  const at = verbIndex(before, 0);
  const word = before[at];
  if (word === undefined) {
    return (await optionPart(globalOptions, before, current, connect)) ?? starting(await summaries(entries), current);
  }
  const entry = findByName(word, entries);
  if (entry === undefined) return { suggestions: [] };
  if (!("verbs" in entry)) return inVerb(entry, before, before.slice(at + 1), current, connect);
  const inner = verbIndex(before, at + 1);
  if (before[inner] === undefined) {
    const verbs = starting(await summaries(entry.verbs), current);
    const ofSnapshot = entry.ofSnapshot === undefined ? undefined : findByName(entry.ofSnapshot, entry.verbs);
    if (ofSnapshot === undefined) return verbs;
    const snapshots = await inVerb(ofSnapshot, before, [], current, connect);
    return { ...snapshots, suggestions: [...verbs.suggestions, ...snapshots.suggestions] };
  }
  const found = verbOf(entry, before[inner]);
  if (found === undefined) return { suggestions: [] };
  return inVerb(found.verb, before, before.slice(found.named ? inner + 1 : inner), current, connect);
}

async function inVerb(
  verb: Verb,
  before: readonly string[],
  words: readonly string[],
  current: string,
  connect: (globals: GlobalValues) => Client,
): Promise<Suggestions> {
  const command = await verb.load();
  // The daemon's own verbs take its options, which only it knows; a file name is the best guess. So is it behind `--`.
  if ("daemonVerb" in command || words.includes("--")) return { suggestions: [], files: true };
  const options = { ...command.options, ...globalOptions };
  const operands = operandsOf(words, options);
  const own = Object.values(command.args).findIndex(({ isPassedOn }) => isPassedOn);
  if (own !== -1 && operands.length >= own) return { suggestions: [], files: true };
  const forOption = await optionPart(options, before, current, connect);
  if (forOption !== undefined) return forOption;
  const position = argumentAt(command, operands);
  if (position === undefined) return { suggestions: [] };
  const { argument, taken, named = [] } = position;
  const found = await valuesFor(argument.completes, current, { before, within: taken, connect });
  return { ...found, suggestions: found.suggestions.filter(({ value }) => !named.includes(value)) };
}

/** When an option or its value is being written: what it can be. */
async function optionPart(
  options: Record<string, Option<unknown>>,
  before: readonly string[],
  current: string,
  connect: (globals: GlobalValues) => Client,
): Promise<Suggestions | undefined> {
  const [flag, ...value] = current.split("=");
  const written = value.length > 0 ? optionOf(options, flag) : optionOf(options, before.at(-1));
  if (written?.placeholder !== undefined) {
    const partial = value.length > 0 ? value.join("=") : current;
    return valuesFor(written.choices ?? written.completes ?? "none", partial, { before, within: [], connect });
  }
  if (!current.startsWith("-")) return undefined;
  const flags = Object.entries(options).map(([name, option]) => ({ value: flagOf(name), about: option.summary }));
  return starting([...flags, { value: "--help", about: "Show this help" }], current);
}

interface Surroundings {
  readonly before: readonly string[];
  /** Words of the same argument before this one. */
  readonly within: readonly string[];
  readonly connect: (globals: GlobalValues) => Client;
}

async function valuesFor(
  completes: Completes | "config",
  current: string,
  { before, within, connect }: Surroundings,
): Promise<Suggestions> {
  if (completes === "none") return { suggestions: [] };
  if (completes === "file") return { suggestions: [], files: true };
  if (typeof completes !== "string")
    return starting(
      completes.map((value) => ({ value })),
      current,
    );
  const globals: GlobalValues = {
    remote: lastValue("remote", globalOptions.remote, before),
    token: lastValue("token", globalOptions.token, before),
    output: undefined,
    noColor: false,
    quiet: false,
  };
  const plugin = lastValue("plugin", { summary: "", short: "p", placeholder: "" }, before);
  const found = await namesFor(completes, { current, within, plugin, client: () => connect(globals) });
  return { ...found, ...starting(found.suggestions, current) };
}

function starting(suggestions: readonly Suggestion[], current: string): Suggestions {
  return { suggestions: suggestions.filter(({ value }) => value.startsWith(current)) };
}

async function summaries(among: readonly (Verb | (typeof entries)[number])[]): Promise<Suggestion[]> {
  return Promise.all(
    among.map(async (one) => ({
      value: one.names[0],
      about: "verbs" in one ? one.summary : (await one.load()).summary,
    })),
  );
}

function lastValue(name: string, { short }: Option<unknown>, words: readonly string[]): string | undefined {
  const flag = flagOf(name);
  const at = words.findLastIndex((word) => word === flag || word === `-${short}` || word.startsWith(`${flag}=`));
  const word = words[at];
  return word?.includes("=") ? word.slice(flag.length + 1) : words[at + 1 || words.length];
}

function operandsOf(words: readonly string[], options: Record<string, Option<unknown>>): string[] {
  return words.filter((word, index) => {
    const previous = optionOf(options, words[index - 1]);
    return !word.startsWith("-") && previous?.placeholder === undefined;
  });
}

interface Position {
  readonly argument: Argument<unknown>;
  /** The words that the value being written has already. */
  readonly taken: readonly string[];
  /** Words of whole values before it, where the argument takes several. */
  readonly named?: readonly string[];
}

/** The argument that the next word belongs to. */
function argumentAt(command: Command, operands: readonly string[]): Position | undefined {
  let left = [...operands];
  for (const argument of Object.values(command.args)) {
    if (left.length === 0) return { argument, taken: [] };
    if (argument.repeats) return { argument, taken: [], named: left };
    const tried = [...left];
    try {
      argument.take(tried);
    } catch {
      // It lacks a word: the one being written.
      return { argument, taken: left };
    }
    const used = left.slice(0, left.length - tried.length);
    if (tried.length === 0 && used.length < (argument.most ?? 0)) return { argument, taken: used };
    left = tried;
  }
  return undefined;
}
