import { DockersnapError, nearest, ShortList } from "@dockersnap/contract/words";
import * as z from "zod";

/** One thing wrong with a request: where, and what was expected. */
export interface Problem {
  /** `labels.owner`, or empty for the whole. */
  readonly field: string;
  readonly sentence: string;
}

/** Bounded, whatever was sent: of problems beyond the first few only their number is told. */
export class Problems extends ShortList<Problem> {
  constructor() {
    super(({ field, sentence }) => field.length + sentence.length);
  }
}

/** A field that its schema does not have. */
interface UnknownField {
  readonly field: string;
  /** What to send instead, as the end of a sentence. */
  readonly hint: string;
}

export class UnknownFields extends ShortList<UnknownField> {
  constructor() {
    super(({ field, hint }) => field.length + hint.length);
  }

  note(path: Path, known: readonly string[]): void {
    this.add(() => {
      const near = nearest(String(path.at(-1)), known);
      if (near !== undefined) return { field: fieldName(path), hint: `Did you mean ${JSON.stringify(near)}?` };
      const instead = known.length === 0 ? "This request takes no fields" : `Known are ${known.join(", ")}`;
      return { field: fieldName(path), hint: instead };
    });
  }
}

type Issue = z.core.$ZodIssue;
type Path = readonly PropertyKey[];

/** The refusal that names every problem at once: a field that is not known may be what is missing, misspelled. */
export function refuse(problems: Problems, unknown: UnknownFields): DockersnapError {
  for (const field of unknown.entries) problems.add(() => unknownProblem(field));
  const [first = "", ...others] = problems.entries.map(({ sentence }) => sentence);
  const rest = problems.omitted === 0 ? [] : [`and ${problems.omitted} more`];
  const message =
    problems.count === 1
      ? `${first.charAt(0).toUpperCase()}${first.slice(1)}.`
      : `The request has ${problems.count} problems: ${[first, ...others, ...rest].join("; ")}.`;
  return new DockersnapError("invalid_request", message, {
    details: {
      problems: problems.entries.map(({ field, sentence }) => ({ field, problem: sentence })),
      ...(problems.omitted === 0 ? {} : { omitted: problems.omitted }),
    },
  });
}

/** Add what a schema found, in sentences. `place` is what a person calls a part of it: "field", "query parameter". */
export function addIssues(
  problems: Problems,
  place: string,
  schema: z.ZodType,
  value: unknown,
  issues: readonly Issue[],
): void {
  for (const issue of issues) problems.add(() => problemOf(place, schema, value, issue));
}

function problemOf(place: string, schema: z.ZodType, value: unknown, issue: Issue): Problem {
  const field = fieldName(issue.path);
  const found = valueAt(value, issue.path);
  const subject = field === "" ? "the body" : `${place} ${JSON.stringify(field)}`;
  const expected = expectation(issue, schema);
  if (issue.code !== "invalid_key" && found === undefined) {
    return { field, sentence: `${subject} is missing: ${expected}` };
  }
  const got = issue.code === "invalid_key" ? JSON.stringify(clip(String(issue.path.at(-1)))) : shown(found);
  return { field, sentence: `${subject}: ${expected}, got ${got}` };
}

function unknownProblem({ field, hint }: UnknownField): Problem {
  return { field, sentence: `field ${JSON.stringify(field)} is not known. ${hint}` };
}

/** A sentence for each field that was ignored, and one for those beyond the first few. */
export function ignoredFields(unknown: UnknownFields): string[] {
  const sentences = unknown.entries.map(
    ({ field, hint }) =>
      `Field ${JSON.stringify(field)} is not known and was ignored. ${hint.endsWith("?") ? hint : `${hint}.`}`,
  );
  if (unknown.omitted > 0) sentences.push(`${unknown.omitted} more fields are not known and were ignored.`);
  return sentences;
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
  const name = path
    .map((step) => (typeof step === "number" ? `[${step}]` : `.${clip(String(step))}`))
    .join("")
    .replace(/^\./, "");
  return name.length > longestField ? `${name.slice(0, longestField)}…` : name;
}

/** Deep inside of things, the way there is longer than anything of use to a person. */
const longestField = 200;

function shown(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(clip(value));
  if (Array.isArray(value)) return "a list";
  return typeof value === "object" && value !== null ? "an object" : String(value);
}

const clip = (text: string) => (text.length > 80 ? `${text.slice(0, 80)}…` : text);
