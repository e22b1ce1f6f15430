import fc from "fast-check";
import { addOddities } from "../../../src/http/body.ts";
import { Problems } from "../../../src/http/problems.ts";
import { isValid, type Resolve, type Schema } from "./json-schema.ts";

/** What is near the edges of some rule or other, wherever text is expected. */
const oddTexts = [
  "",
  "now",
  "a@now",
  "@",
  "dockersnap.x",
  "dockersnap",
  "null",
  "-1",
  "0",
  "10000",
  "10001",
  "é",
  "a b",
  "a\n",
];

/** Values around what a schema allows: mostly within, often at an edge, sometimes beyond it or of another kind altogether. */
export function inputsNear(schema: Schema, resolve: Resolve): fc.Arbitrary<unknown> {
  return fc.oneof({ weight: 12, arbitrary: fitting(schema, resolve) }, { weight: 1, arbitrary: strange });
}

/** JSON within the bounds that every body has, which the document tells in words. */
const anyJson = fc.jsonValue({ maxDepth: 2 }).filter((value) => {
  const problems = new Problems();
  addOddities(problems, value);
  return problems.count === 0;
});

const strange = fc.oneof(fc.constantFrom(null, "", [], {}, "x", 0, true), anyJson);

function fitting(schema: Schema, resolve: Resolve): fc.Arbitrary<unknown> {
  const within = (inner: unknown) => inputsNear(inner as Schema, resolve);
  if (schema.$ref !== undefined) return within(resolve(schema.$ref as string));
  if (schema.enum !== undefined) return fc.constantFrom(...(schema.enum as unknown[]));
  switch (schema.type) {
    case "string":
      return fc.oneof(...texts(schema));
    case "number":
    case "integer":
      return fc.oneof(...numbers(schema));
    case "boolean":
      return fc.boolean();
    case "null":
      return fc.constant(null);
    case "array":
      return lists(schema, within(schema.items));
    case "object":
      return objects(schema, within, resolve);
    default:
      return schema.anyOf === undefined ? anyJson : fc.oneof(...(schema.anyOf as Schema[]).map(within));
  }
}

function texts({ pattern, maxLength }: Schema): fc.Arbitrary<string>[] {
  const odd = fc.constantFrom(...oddTexts);
  const most = (maxLength as number | undefined) ?? 64;
  const long = fc
    .tuple(fc.constantFrom("a", "🐋", "0", " "), fc.constantFrom(most - 1, most, most + 1))
    .map(([letter, count]) => letter.repeat(count));
  const made = pattern === undefined ? fc.string() : matching(pattern as string);
  return [made, made, made, odd, long];
}

function matching(pattern: string): fc.Arbitrary<string> {
  // A look ahead is not made by fast-check, so only what follows it is, and the rest judged like anything else.
  const lookAhead = /\(\?=\.\{\d+,\d+\}\$\)/;
  const made = fc.stringMatching(new RegExp(pattern.replace(lookAhead, ""), "u"));
  return fc.oneof(
    { weight: 4, arbitrary: made },
    {
      weight: 1,
      arbitrary: fc.tuple(made, fc.constantFrom("a", "0", "-", "\n", "é", "A")).map((parts) => parts.join("")),
    },
  );
}

function numbers({ type, minimum, exclusiveMinimum, maximum }: Schema): fc.Arbitrary<number>[] {
  const least = (minimum ?? exclusiveMinimum ?? 0) as number;
  const most = (maximum ?? 1_000_000) as number;
  const edges = [least - 1, least, least + 1, most - 1, most, most + 1, 0, 1, -1, 1.5, 1e-9];
  const safe = edges.filter((edge) => Math.abs(edge) <= Number.MAX_SAFE_INTEGER);
  const inside =
    type === "integer"
      ? fc.integer({ min: Math.max(least, -1000), max: Math.min(most, Math.max(least, 0) + 10_000_000) })
      : fc.double({ min: least, max: most, noNaN: true });
  return [fc.constantFrom(...safe), inside.filter((one) => !Object.is(one, -0))];
}

function lists({ maxItems }: Schema, item: fc.Arbitrary<unknown>): fc.Arbitrary<unknown[]> {
  const few = fc.array(item, { maxLength: 3 });
  if (maxItems === undefined) return few;
  const edges = fc
    .tuple(item, fc.constantFrom(maxItems as number, (maxItems as number) + 1))
    .map(([one, count]) => Array.from({ length: count }, () => one));
  return fc.oneof({ weight: 4, arbitrary: few }, { weight: 1, arbitrary: edges });
}

function objects(schema: Schema, within: (inner: unknown) => fc.Arbitrary<unknown>, resolve: Resolve) {
  const { properties, propertyNames, additionalProperties, maxProperties } = schema;
  if (properties !== undefined) {
    const named = Object.entries(properties as Record<string, Schema>).map(
      ([name, inner]) => [name, within(inner)] as const,
    );
    const required = (schema.required ?? []) as string[];
    const fields = fc.record(Object.fromEntries(named), { requiredKeys: required });
    const fewer = fc.record(Object.fromEntries(named), { requiredKeys: [] });
    const more = fc.tuple(fields, anyJson).map(([known, value]) => ({ ...known, surplus: value }));
    return fc.oneof({ weight: 6, arbitrary: fields }, { weight: 1, arbitrary: fewer }, { weight: 1, arbitrary: more });
  }
  const key = within(propertyNames ?? {}).filter(
    (name): name is string => typeof name === "string" && name !== "__proto__",
  );
  const value = additionalProperties === undefined ? anyJson : within(additionalProperties);
  const few = fc.dictionary(key as fc.Arbitrary<string>, value, { maxKeys: 3, noNullPrototype: true });
  if (maxProperties === undefined) return few;
  const good = value.filter((one) => isValid((additionalProperties ?? {}) as Schema, one, resolve));
  const many = fc
    .tuple(good, fc.constantFrom(maxProperties as number, (maxProperties as number) + 1))
    .map(([one, count]) => Object.fromEntries(Array.from({ length: count }, (_none, index) => [`k${index}`, one])));
  return fc.oneof({ weight: 6, arbitrary: few }, { weight: 1, arbitrary: many });
}
