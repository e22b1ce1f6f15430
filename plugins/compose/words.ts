import type { ProgramResult } from "@dockersnap/plugin-sdk";

const mostWords = 1500;

/** What Compose 2 and 1 print as they go, and what is no part of a complaint. */
const progress = [
  /^ (Network|Volume|Container) /,
  /^ \S+ (Pulling|Pulled|Building|Built)\s*$/,
  /^(Creating|Starting|Recreating|Building|Pulling) \S+.*(\.\.\.|driver)?( done)?\s*$/,
  /^#\d+ /,
  /^Encountered errors while bringing up the project\.$/,
  /^Image for service \S+ was built because it did not already exist\./,
  /^DEPRECATED: The legacy builder is deprecated/,
  /^ {12}(Install the buildx component|https:\/\/docs\.docker\.com)/,
];

const structured = /^time="[^"]*" level=(\w+) msg="((?:[^"\\]|\\.)*)"/;

/** Why Compose failed, in its own words and without its progress. */
export function composeWords({ stderr, exitCode }: Pick<ProgramResult, "stderr" | "exitCode">): string {
  const lines = meaningful(stderr).filter(({ level }) => level !== "warning");
  // The older Compose tells of a container's trouble once by its name and once by its service's: the latter stays.
  const told = new Map(
    lines.map(({ text }) => [text.replace(/^for \S+\s+/, ""), text.replace(/^for (\S+)\s+/, "$1: ")]),
  );
  const words = [...told.values()].join(" ").slice(-mostWords);
  return words === "" ? `it ended with exit code ${exitCode} and said nothing.` : words.replace(/[^.]$/, "$&.");
}

/** What Compose said although it did not fail, such as variables that are not set. */
export function warningsIn(stderr: string): string[] {
  const warnings = meaningful(stderr).map(({ text }) => text);
  return [...new Set(warnings.filter((text) => !text.includes("`version` is obsolete")))];
}

function meaningful(stderr: string): { level: string; text: string }[] {
  return stderr
    .split("\n")
    .filter((line) => line.trim() !== "" && !progress.some((pattern) => pattern.test(line)))
    .map((line) => {
      const [, level, message] = structured.exec(line) ?? [];
      if (level !== undefined && message !== undefined) return { level, text: message.replaceAll(/\\(.)/g, "$1") };
      const [, label, rest] = /^(WARNING|ERROR): (.+)$/.exec(line) ?? [];
      return { level: label?.toLowerCase() ?? "error", text: (rest ?? line).trim() };
    });
}

/** Something to tell of a service while it is started. */
export interface ServiceNews {
  readonly service: string;
  readonly words: string;
}

/** What a line of `up` says of a service that has no container yet; undefined for all other lines. */
export function newsIn(line: string): ServiceNews | undefined {
  const [, pulled, image] = /^Pulling (\S+) \((.+?):?\)\.\.\./.exec(line) ?? [];
  if (pulled !== undefined) return { service: pulled, words: `pulling ${image}` };
  const [, built] = /^Building (\S+)\s*$/.exec(line) ?? [];
  if (built !== undefined) return { service: built, words: "building its image" };
  const [, service, act] = /^ (\S+) (Pulling|Pulled|Building|Built)\s*$/.exec(line) ?? [];
  return service === undefined || act === undefined ? undefined : { service, words: `${act.toLowerCase()} its image` };
}
