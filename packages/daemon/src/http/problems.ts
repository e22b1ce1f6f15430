import { DockersnapError, nearest } from "@dockersnap/contract/words";
import * as z from "zod";

/** One thing wrong with a request: where, and what was expected. */
export interface Problem {
  /** `labels.owner`, or empty for the whole. */
  readonly field: string;
  readonly sentence: string;
}

type Issue = z.core.$ZodIssue;
type Path = readonly PropertyKey[];

/** The refusal that names every problem at once. */
export function refuse(problems: readonly Problem[]): DockersnapError {
  const [first, ...others] = problems.map(({ sentence }) => sentence);
  const message =
    others.length === 0
      ? `${first?.charAt(0).toUpperCase()}${first?.slice(1)}.`
      : `The request has ${problems.length} problems: ${[first, ...others].join("; ")}.`;
  return new DockersnapError("invalid_request", message, {
    details: { problems: problems.map(({ field, sentence }) => ({ field, problem: sentence })) },
  });
}

/** What a schema found, in sentences. `place` is what a person calls a part of it: "field", "query parameter". */
export function problemsOf(place: string, schema: z.ZodType, value: unknown, issues: readonly Issue[]): Problem[] {
  return issues.flatMap((issue): Problem[] => {
    if (issue.code === "unrecognized_keys") {
      return issue.keys.map((key) => unknownField(place, [...issue.path, key], knownKeys(schema, issue.path)));
    }
    const field = fieldName(issue.path);
    const found = valueAt(value, issue.path);
    const subject = field === "" ? "the body" : `${place} ${JSON.stringify(field)}`;
    const expected = expectation(issue, schema);
    if (issue.code !== "invalid_key" && found === undefined) {
      return [{ field, sentence: `${subject} is missing: ${expected}` }];
    }
    const got = issue.code === "invalid_key" ? JSON.stringify(clip(String(issue.path.at(-1)))) : shown(found);
    return [{ field, sentence: `${subject}: ${expected}, got ${got}` }];
  });
}

function unknownField(place: string, path: Path, known: readonly string[]): Problem {
  const field = fieldName(path);
  const near = nearest(String(path.at(-1)), known);
  const hint = near === undefined ? `. Known are ${known.join(", ")}` : `. Did you mean ${JSON.stringify(near)}?`;
  return { field, sentence: `${place} ${JSON.stringify(field)} is not known${hint}`.replace(/\?$/, "?") };
}

function expectation(issue: Issue, schema: z.ZodType): string {
  if (issue.message.startsWith("expected ")) return issue.message;
  switch (issue.code) {
    case "invalid_type": {
      const keys = issue.expected === "object" ? knownKeys(schema, issue.path) : [];
      const fields = keys.length > 0 ? ` with ${keys.map((key) => JSON.stringify(key)).join(", ")}` : "";
      return `expected ${typeNames[issue.expected] ?? issue.expected}${fields}`;
    }
    case "too_small":
      return `expected at least ${issue.minimum}${unitOf(issue.origin)}`;
    case "too_big":
      return `expected at most ${issue.maximum}${unitOf(issue.origin)}`;
    case "invalid_value":
      return `expected ${issue.values.map((value) => JSON.stringify(value)).join(" or ")}`;
    case "invalid_key": {
      const [inner] = issue.issues;
      return inner === undefined ? "expected another key" : expectation(inner, schema);
    }
    default:
      return "expected another value";
  }
}

const typeNames: Readonly<Record<string, string>> = {
  string: "a string",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  object: "an object",
  record: "an object",
  array: "a list",
};

function unitOf(origin: string): string {
  if (origin === "string") return " characters";
  return origin === "array" || origin === "record" ? " entries" : "";
}

/** The fields the schema has at this place, if it is an object with named ones. */
function knownKeys(schema: z.ZodType, path: Path): string[] {
  let here: unknown = schema;
  for (const step of [...path, undefined]) {
    while (here instanceof z.ZodOptional || here instanceof z.ZodNullable) here = here.unwrap();
    if (!(here instanceof z.ZodObject)) return [];
    if (step === undefined) return Object.keys(here.shape);
    here = here.shape[String(step)];
  }
  return [];
}

function valueAt(value: unknown, path: Path): unknown {
  let here = value;
  for (const step of path) {
    if (typeof here !== "object" || here === null || !Object.hasOwn(here, step)) return undefined;
    here = (here as Record<PropertyKey, unknown>)[step];
  }
  return here;
}

export function fieldName(path: Path): string {
  return path
    .map((step) => (typeof step === "number" ? `[${step}]` : `.${clip(String(step))}`))
    .join("")
    .replace(/^\./, "");
}

function shown(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(clip(value));
  if (Array.isArray(value)) return "a list";
  return typeof value === "object" && value !== null ? "an object" : String(value);
}

const clip = (text: string) => (text.length > 80 ? `${text.slice(0, 80)}…` : text);
