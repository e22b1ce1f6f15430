import { UsageError } from "./failure.ts";

/** What a word on the command line can be completed with. */
export type Completes =
  | "instance"
  | "running-instance"
  | "snapshot"
  | "moment"
  | "plugin"
  | "operation"
  | "file"
  | "none"
  | readonly string[];

/** One argument of a command. It takes its words off the front of those that are left. */
export interface Argument<Value> {
  /** As usage lines show it, such as `<name>`. */
  readonly placeholder: string;
  readonly summary: string;
  readonly completes: Completes;
  /** Words it may take, where it can do with fewer. */
  readonly most?: number;
  /** It takes any number of values, each of its own words. */
  readonly repeats?: true;
  /** Its words are another program's: options among them are not looked at, and a `--` before them may be left out. */
  readonly isPassedOn?: true;
  take(words: string[]): Value;
}

export interface SnapshotName {
  readonly instance: string;
  readonly label: string;
}

export type ArgumentValues<A> = { readonly [Name in keyof A]: A[Name] extends Argument<infer Value> ? Value : never };

export function word(placeholder: string, summary: string, completes: Completes = "none"): Argument<string> {
  return { placeholder: `<${placeholder}>`, summary, completes, take: (words) => taken(words, placeholder) };
}

export function optional<Value>(argument: Argument<Value>): Argument<Value | undefined> {
  return {
    ...argument,
    placeholder: argument.placeholder.replace("<", "[").replace(">", "]"),
    take: (words) => (words.length === 0 ? undefined : argument.take(words)),
  };
}

export function oneOf(placeholder: string, summary: string, choices: readonly string[]): Argument<string> {
  return {
    placeholder: `<${choices.join("|")}>`,
    summary,
    completes: choices,
    take(words) {
      const choice = taken(words, placeholder);
      if (choices.includes(choice)) return choice;
      throw new UsageError(`'${choice}' is not one of ${choices.join(", ")}.`);
    },
  };
}

/** The same argument once or more: every word that is left is taken, and what is named twice counts once. */
export function several<Value>(argument: Argument<Value>): Argument<readonly Value[]> {
  return {
    ...argument,
    placeholder: `${argument.placeholder}…`,
    repeats: true,
    take(words) {
      const values = new Map<string, Value>();
      do {
        const value = argument.take(words);
        values.set(JSON.stringify(value), value);
      } while (words.length > 0);
      return [...values.values()];
    },
  };
}

/** Everything that is left, as it is. */
export function rest(placeholder: string, summary: string): Argument<string[]> {
  return { placeholder: `${placeholder}…`, summary, completes: "none", take: (words) => words.splice(0) };
}

/** Everything that is left, for another program that reads options of its own. */
export function passedOn(placeholder: string, summary: string): Argument<string[]> {
  return { ...rest(`[--] ${placeholder}`, summary), completes: "file", isPassedOn: true };
}

export const instanceArgument = word("name", "The instance", "instance");

/** `<name>@<label>`, or the two as two words. */
export const snapshotArgument: Argument<SnapshotName> = {
  placeholder: "<name>@<label>",
  summary: "The snapshot; also as two words, <name> <label>",
  completes: "snapshot",
  take(words) {
    const first = taken(words, "name");
    const parsed = splitSnapshot(first);
    if (parsed !== undefined) return parsed;
    if (words.length === 0) {
      throw new UsageError(`'${first}' names an instance only. Name one of its snapshots too: ${first}@<label>.`);
    }
    return { instance: first, label: taken(words, "label") };
  },
};

/** `<name>` for the instance itself, `<name>@<label>` for one of its snapshots. */
export const instanceOrSnapshotArgument: Argument<{ instance: string; label?: string }> = {
  placeholder: "<name>[@<label>]",
  summary: "The instance, or one of its snapshots",
  completes: "snapshot",
  take(words) {
    const first = taken(words, "name");
    return splitSnapshot(first) ?? { instance: first };
  },
};
export interface Moments {
  readonly instance: string;
  readonly from?: string;
  readonly to?: string;
}

/** An instance, and up to two moments of it: `<name> [<from>] [<to>]`, or `<name>@<label> [<to>]`. */
export const momentsArgument: Argument<Moments> = {
  placeholder: "<name>[@<label>] [<from>] [<to>]",
  summary: "The instance and the two sides to compare; also as <name>@<label> [<to>]",
  completes: "moment",
  most: 3,
  take(words) {
    const first = taken(words, "name");
    const snapshot = splitSnapshot(first);
    const from = snapshot === undefined ? words.shift() : first;
    const to = words.shift();
    return {
      instance: snapshot?.instance ?? first,
      ...(from === undefined ? {} : { from }),
      ...(to === undefined ? {} : { to }),
    };
  },
};

function splitSnapshot(text: string): SnapshotName | undefined {
  const at = text.indexOf("@");
  if (at === -1) return undefined;
  const name = { instance: text.slice(0, at), label: text.slice(at + 1) };
  if (name.instance === "" || name.label === "") {
    throw new UsageError(`'${text}' is not a snapshot's name: expected <name>@<label>.`);
  }
  return name;
}

function taken(words: string[], placeholder: string): string {
  const next = words.shift();
  if (next === undefined || next === "") throw new UsageError(`The <${placeholder}> is missing.`);
  return next;
}
