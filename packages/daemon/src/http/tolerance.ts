import * as z from "zod";
import type { UnknownFields } from "./problems.ts";

type Path = readonly PropertyKey[];
type Fields = Readonly<Record<string, unknown>>;

/**
 * What a client of another version or language sends, brought to what the schema has: a field that is `null` or `""` counts
 * as left out, unless it may be `null`, and so does an optional object with nothing in it that it cannot do without. Fields
 * the schema does not have are left out, each with an entry in `unknown`.
 */
export function tolerate(schema: z.ZodType, sent: unknown, unknown: UnknownFields, path: Path = []): unknown {
  const shape = bare(schema);
  if (shape instanceof z.ZodObject && isFields(sent)) return fieldsOf(shape, sent, unknown, path);
  if (shape instanceof z.ZodRecord && isFields(sent) && !(shape.valueType as z.ZodType).safeParse(null).success) {
    return Object.fromEntries(Object.entries(sent).filter(([, value]) => value !== null));
  }
  return sent;
}

function fieldsOf(shape: z.ZodObject, sent: Fields, unknown: UnknownFields, path: Path): unknown {
  const known = Object.keys(shape.shape);
  for (const key of Object.keys(sent)) {
    if (!Object.hasOwn(shape.shape, key)) unknown.note([...path, key], known);
  }
  const kept: [string, unknown][] = [];
  for (const key of known) {
    const field = shape.shape[key] as z.ZodType;
    if (!Object.hasOwn(sent, key) || isAbsent(field, sent[key])) continue;
    const value = tolerate(field, sent[key], unknown, [...path, key]);
    if (!isAbsent(field, value)) kept.push([key, value]);
  }
  return Object.fromEntries(kept);
}

function isAbsent(field: z.ZodType, value: unknown): boolean {
  if (value === "") return true;
  if (value === null) return !field.safeParse(null).success;
  const shape = bare(field);
  if (!(field instanceof z.ZodOptional && shape instanceof z.ZodObject && isFields(value))) return false;
  const needed = Object.entries(shape.shape).filter(([, inner]) => !(inner instanceof z.ZodOptional));
  const holdsNothing = Object.values(value).every((inner) => isFields(inner) && Object.keys(inner).length === 0);
  return needed.length > 0 && holdsNothing;
}

function bare(schema: z.ZodType): z.ZodType {
  let here = schema;
  while (here instanceof z.ZodOptional || here instanceof z.ZodNullable) here = here.unwrap() as z.ZodType;
  return here;
}

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
