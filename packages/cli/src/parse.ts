import {
  Argument as CommanderArgument,
  Command as CommanderCommand,
  CommanderError,
  Option as CommanderOption,
} from "commander";
import type { Command, Options } from "./command.ts";
import { HelpRequested, UsageError } from "./failure.ts";
import { flagOf, type GlobalValues, globalOptions, type Option } from "./options.ts";
import { withOthersApart, withValuesApart } from "./words.ts";

export interface Parsed {
  readonly args: Record<string, unknown>;
  readonly options: Record<string, unknown>;
  readonly globals: GlobalValues;
}

/**
 * Parses what follows a verb. `path` is the command as it was written, such as `dockersnap plugin list`.
 * Throws `UsageError` for wrong words and `HelpRequested` for `--help`.
 */
export function parseCommand(path: string, command: Command, words: readonly string[]): Parsed {
  const parser = commandParser(path, command);
  let help = "";
  parser.configureOutput({
    writeOut: (text) => {
      help += text;
    },
    writeErr: () => undefined,
  });
  try {
    parser.parse(spelled(command, words), { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) throw new HelpRequested(help);
    throw new UsageError(`${sentence(error.message)}${afterDoubleDash(command, error)} See '${path} --help'.`);
  }
  const values = parser.opts();
  const left = [...parser.args];
  const args: Record<string, unknown> = {};
  try {
    for (const [name, argument] of Object.entries(command.args)) args[name] = argument.take(left);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    throw new UsageError(`${error.message} Usage: ${path} ${usage(command)}.`);
  }
  if (left.length > 0) {
    throw new UsageError(`'${left[0]}' is one word too many. Usage: ${path} ${usage(command)}.`);
  }
  return { args, options: pick(command.options, values), globals: pick(globalOptions, values) as GlobalValues };
}

function spelled(command: Command, words: readonly string[]): string[] {
  const passesOn = Object.values(command.args).some(({ isPassedOn }) => isPassedOn);
  return withValuesApart(passesOn ? withOthersApart(words) : words, { ...command.options, ...globalOptions });
}

const globalGroup = "Global options:";

/** Lines of the source are no lines of the terminal, which commander knows the width of; an empty one ends a paragraph. */
function unwrapped(description: string): string {
  return description.replaceAll(/(?<!\n)\n(?!\n)/g, " ");
}

function commandParser(path: string, command: Command): CommanderCommand {
  const parser = new CommanderCommand(path)
    .usage(usage(command))
    .description(
      command.description === undefined
        ? `${command.summary}.`
        : `${command.summary}.\n\n${unwrapped(command.description)}`,
    )
    .exitOverride()
    .addHelpOption(new CommanderOption("-h, --help", "Show this help").helpGroup(globalGroup));
  // The words are taken by the arguments themselves; commander lets them through and shows them in the help.
  parser.allowExcessArguments();
  const shown = Object.values(command.args).map((argument) => ({
    term: argument.placeholder,
    shown: new CommanderArgument("[words]", argument.summary),
  }));
  parser.configureHelp({
    visibleArguments: () => shown.map((one) => one.shown),
    argumentTerm: (argument) => shown.find((one) => one.shown === argument)?.term ?? "",
  });
  addOptions(parser, command.options);
  addOptions(parser, globalOptions, globalGroup);
  if (command.examples.length > 0) {
    parser.addHelpText("after", `\nExamples:\n${command.examples.map((example) => `  ${example}\n`).join("")}`);
  }
  return parser;
}

function addOptions(parser: CommanderCommand, options: Options, group?: string): void {
  for (const [name, option] of Object.entries(options)) {
    const flags = [
      ...(option.short === undefined ? [] : [`-${option.short}`]),
      option.placeholder === undefined ? flagOf(name) : `${flagOf(name)} ${option.placeholder}`,
    ];
    const added = new CommanderOption(flags.join(", "), option.summary);
    if (option.choices !== undefined) added.choices([...option.choices]);
    if (option.repeats) added.argParser((value: string, before: readonly string[] = []) => [...before, value]);
    if (group !== undefined) added.helpGroup(group);
    parser.addOption(added);
  }
}

function pick(options: Record<string, Option<unknown>>, values: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(options).map(([name, option]) => [name, optionValue(name, option, values)]));
}

function optionValue(name: string, option: Option<unknown>, values: Record<string, unknown>): unknown {
  // commander keeps `--no-color` as `color: false`.
  if (/^no[A-Z]/.test(name)) return values[`${name[2]?.toLowerCase()}${name.slice(3)}`] === false;
  if (option.placeholder === undefined) return values[name] === true;
  return values[name] ?? (option.repeats ? [] : undefined);
}

function usage(command: Command): string {
  const args = Object.values(command.args).map((argument) => argument.placeholder);
  return [...args, "[options]"].join(" ");
}

/** "error: unknown option '--frce'\n(Did you mean --force?)" as a sentence or two. */
function sentence(message: string): string {
  const [first = "", suggestion] = message.replace(/^error: /, "").split("\n");
  const capital = `${first.charAt(0).toUpperCase()}${first.slice(1)}`.replace(/\.?$/, ".");
  return suggestion === undefined ? capital : `${capital} ${suggestion.replace(/^\((.*)\)$/, "$1")}`;
}

function afterDoubleDash(command: Command, error: CommanderError): string {
  const passesOn = Object.values(command.args).some((argument) => argument.placeholder.endsWith("…"));
  return passesOn && error.code === "commander.unknownOption"
    ? " Write '--' before words that are not for dockersnap."
    : "";
}
