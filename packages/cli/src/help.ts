import { flagOf, globalOptions } from "./options.ts";
import { type Entry, entries, groups, type Noun, type Verb } from "./verbs.ts";

const nextSteps = `Examples:
  dockersnap create web --plugin echo --config text=hello
  eval "$(dockersnap use web)"
  dockersnap snapshot web@clean
  dockersnap revert web@clean

'dockersnap <verb> --help' tells more about one verb.
`;

/** The help of the whole program. Loads every command for its summary. */
export async function programHelp(): Promise<string> {
  const shown = await Promise.all(entries.map(async (entry) => ({ entry, row: await summaryRow(entry) })));
  const widest = Math.max(...shown.map(({ row }) => row[0].length));
  const lines = groups.map((group) => {
    const rows = shown.filter(({ entry }) => entry.group === group).map(({ row }) => rowLine(row, widest));
    return `${group}:\n${rows.join("")}\n`;
  });
  return `Usage: dockersnap <verb> [options]

Docker environments of their own that can be snapshotted, reverted and cloned in moments.

${lines.join("")}Global options:
${globalRows().join("")}
${nextSteps}`;
}

export async function nounHelp(path: string, noun: Noun): Promise<string> {
  const rows = await Promise.all(noun.verbs.map(summaryRow));
  const widest = Math.max(...rows.map(([term]) => term.length));
  return `Usage: ${path} <verb> [options]

${noun.summary}.

Verbs:
${rows.map((row) => rowLine(row, widest)).join("")}
'${path} <verb> --help' tells more about one verb.
`;
}

async function summaryRow(entry: Entry | Verb | Noun): Promise<readonly [string, string]> {
  const summary = "verbs" in entry ? entry.summary : (await entry.load()).summary;
  const verbs = "verbs" in entry ? ` ${entry.verbs.map((verb) => verb.names[0]).join("|")}` : "";
  return [`${entry.names.join(", ")}${verbs}`, summary];
}

function rowLine([term, summary]: readonly [string, string], widest: number): string {
  return `  ${term.padEnd(widest)}  ${summary}\n`;
}

function globalRows(): string[] {
  const rows = Object.entries(globalOptions).map(([name, option]): [string, string] => [
    [...(option.short === undefined ? [] : [`-${option.short}`]), `${flagOf(name)} ${option.placeholder ?? ""}`].join(
      ", ",
    ),
    option.summary,
  ]);
  rows.push(["-h, --help", "Show this help"], ["-v, --version", "Show the version of this command line"]);
  const widest = Math.max(...rows.map(([term]) => term.trimEnd().length));
  return rows.map(([term, summary]) => rowLine([term.trimEnd(), summary], widest));
}
