import { nearest } from "../nearest.ts";
import { ShortList } from "../short-list.ts";
import type { ConfigOption } from "./schema.ts";

/** What is wrong with one key, as a whole sentence that names the key, what was expected and what came. */
export interface ConfigProblem {
  readonly key: string;
  readonly message: string;
}

export interface ConfigRules {
  /** Put in for `{{ instance_name }}`. */
  readonly instanceName: string;
  /** Whether a `path` names a file on this host; without it paths are taken at their word. */
  readonly fileExists?: (path: string) => boolean;
}

export interface CheckedConfig {
  /** Only declared keys; an option neither given nor defaulted is absent. Not to be used while there are problems. */
  readonly config: Record<string, unknown>;
  readonly problems: readonly ConfigProblem[];
}

/**
 * A plugin's configuration as its commands receive it: defaults under what was `given`, templates filled in, every key
 * declared and of its type. All problems come at once. Checking a checked configuration again changes nothing.
 */
export function checkConfig(
  options: readonly ConfigOption[] | null | undefined,
  given: Readonly<Record<string, unknown>> | null | undefined,
  rules: ConfigRules,
): CheckedConfig {
  const declared = new Map((options ?? []).map((option) => [option.name, option]));
  const values = given ?? {};
  const known = [...declared.keys()];
  const unknown = new ShortList<ConfigProblem>(({ message }) => message.length);
  for (const key of Object.keys(values)) {
    if (!declared.has(key)) unknown.add(() => ({ key: clip(key, longestKey), message: unknownKey(key, known) }));
  }
  const problems = [...unknown.entries];
  if (unknown.omitted > 0) {
    problems.push({ key: "", message: `${unknown.omitted} more keys are unknown too and are not listed.` });
  }
  const entries: [string, unknown][] = [];
  for (const option of declared.values()) {
    const isGiven = Object.hasOwn(values, option.name) && values[option.name] !== undefined;
    const value = isGiven ? values[option.name] : option.default;
    if (!isGiven && (value === undefined || value === null)) {
      if (option.required === true) problems.push({ key: option.name, message: missing(option) });
      continue;
    }
    const checked = checkValue(option, value, rules);
    if ("value" in checked) {
      entries.push([option.name, checked.value]);
    } else {
      const subject = isGiven ? `'${option.name}'` : `The plugin's own default for '${option.name}'`;
      problems.push({ key: option.name, message: `${subject} ${checked.problem}` });
    }
  }
  return { config: Object.fromEntries(entries), problems };
}

const typeNames = {
  string: "a string",
  int: "an int",
  bool: "a bool",
  "string-list": "a list of strings",
  path: "the path of a file on the daemon's host",
} as const satisfies Record<ConfigOption["type"], string>;

const unknownKey = (key: string, known: readonly string[]) => {
  const meant = nearest(key, known);
  const name = clip(key, longestQuoted);
  if (meant !== undefined) return `Unknown key '${name}'. Did you mean '${meant}'?`;
  if (known.length === 0) return `Unknown key '${name}': this plugin takes no configuration.`;
  const listed = known.slice(0, mostNamed).map((one) => `'${one}'`);
  const rest = known.length > mostNamed ? ` and ${known.length - mostNamed} more` : "";
  return `Unknown key '${name}'. This plugin knows ${listed.join(", ")}${rest}.`;
};

const missing = ({ name, type }: ConfigOption) =>
  `'${name}' is required and expects ${typeNames[type]}, but nothing was given.`;

type CheckedValue = { value: unknown } | { problem: string };

function checkValue(option: ConfigOption, value: unknown, rules: ConfigRules): CheckedValue {
  const mismatch = { problem: `expects ${typeNames[option.type]}, got ${describe(value)}.` };
  switch (option.type) {
    case "int":
      return Number.isSafeInteger(value) ? { value } : mismatch;
    case "bool":
      return typeof value === "boolean" ? { value } : mismatch;
    case "string":
      return typeof value === "string" ? fillIn(value, rules) : mismatch;
    case "path":
      return typeof value === "string" ? existingFile(option, value, rules) : mismatch;
    case "string-list":
      return Array.isArray(value) ? checkList(value, rules) : mismatch;
  }
}

function checkList(list: readonly unknown[], rules: ConfigRules): CheckedValue {
  const value: unknown[] = [];
  for (const [index, item] of list.entries()) {
    if (typeof item !== "string") {
      return { problem: `expects a list of strings, got ${describe(item)} as item ${index + 1}.` };
    }
    const filled = fillIn(item, rules);
    if ("problem" in filled) return filled;
    value.push(filled.value);
  }
  return { value };
}

function existingFile(option: ConfigOption, text: string, rules: ConfigRules): CheckedValue {
  const filled = fillIn(text, rules);
  if ("problem" in filled) return filled;
  const path = filled.value;
  // Plugins write an optional file as a path with an empty default.
  const nowhere = path === "" && option.required !== true;
  if (nowhere || rules.fileExists === undefined || rules.fileExists(path)) return { value: path };
  return { problem: `expects ${typeNames.path}, but ${quote(path)} is not there.` };
}

/** One pass: what is put in is never looked at again. An opening without its closing is plain text. */
function fillIn(text: string, { instanceName }: ConfigRules): { value: string } | { problem: string } {
  let value = "";
  let from = 0;
  for (;;) {
    const open = text.indexOf("{{", from);
    const close = open === -1 ? -1 : text.indexOf("}}", open + 2);
    if (close === -1) return { value: value + text.slice(from) };
    const name = text.slice(open + 2, close);
    if (name.trim() !== "instance_name") {
      return { problem: `holds the template ${quote(`{{${name}}}`)}; only {{ instance_name }} is known.` };
    }
    value += text.slice(from, open) + instanceName;
    from = close + 2;
  }
}

function describe(value: unknown): string {
  if (value === null) return "null";
  if (typeof value === "string") return `the string ${quote(value)}`;
  if (typeof value === "number") return `the number ${value}`;
  if (typeof value === "boolean") return `the bool ${value}`;
  if (Array.isArray(value)) return "a list";
  return typeof value === "object" ? "an object" : typeof value;
}

const longestQuoted = 60;

/** A problem's key is for programs to go by, so it is shortened only where it is no key anybody meant. */
const longestKey = 256;

/** So many known keys are named where none is near. */
const mostNamed = 50;

const clip = (text: string, most: number) => (text.length > most ? `${text.slice(0, most)}…` : text);

const quote = (text: string) => JSON.stringify(clip(text, longestQuoted));
