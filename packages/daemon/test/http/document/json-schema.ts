export type Schema = Readonly<Record<string, unknown>>;

/** Where `$ref` leads. */
export type Resolve = (ref: string) => Schema;

/**
 * JSON Schema 2020-12, as far as the published document uses it; a keyword that is not known throws, so that none is passed
 * over. Patterns are read as Unicode, lengths counted in code points, as the standard says.
 */
export function isValid(schema: Schema | boolean, value: unknown, resolve: Resolve): boolean {
  if (typeof schema === "boolean") return schema;
  return Object.entries(schema).every(([keyword, rule]) => {
    const check = keywords[keyword];
    if (check === undefined) throw new Error(`The validator of this test does not know the keyword ${keyword}.`);
    return check(rule as never, value, schema, (inner, at) => isValid(inner, at, resolve), resolve);
  });
}

type Within = (schema: Schema | boolean, value: unknown) => boolean;
type Check = (rule: never, value: unknown, schema: Schema, within: Within, resolve: Resolve) => boolean;

const keywords: Readonly<Record<string, Check>> = {
  $ref: (ref: string, value, _schema, within, resolve) => within(resolve(ref), value),
  anyOf: (choices: Schema[], value, _schema, within) => choices.some((one) => within(one, value)),
  allOf: (parts: Schema[], value, _schema, within) => parts.every((one) => within(one, value)),
  not: (other: Schema, value, _schema, within) => !within(other, value),
  type: (type: string, value) => isOfType(type, value),
  const: (only: unknown, value) => value === only,
  enum: (among: unknown[], value) => among.includes(value),

  pattern: (pattern: string, value) => typeof value !== "string" || new RegExp(pattern, "u").test(value),
  minLength: (least: number, value) => typeof value !== "string" || [...value].length >= least,
  maxLength: (most: number, value) => typeof value !== "string" || [...value].length <= most,

  minimum: (least: number, value) => typeof value !== "number" || value >= least,
  maximum: (most: number, value) => typeof value !== "number" || value <= most,
  exclusiveMinimum: (below: number, value) => typeof value !== "number" || value > below,
  exclusiveMaximum: (above: number, value) => typeof value !== "number" || value < above,

  items: (item: Schema, value, _schema, within) => !Array.isArray(value) || value.every((one) => within(item, one)),
  minItems: (least: number, value) => !Array.isArray(value) || value.length >= least,
  maxItems: (most: number, value) => !Array.isArray(value) || value.length <= most,

  required: (names: string[], value) => !isObject(value) || names.every((name) => Object.hasOwn(value, name)),
  properties: (shapes: Record<string, Schema>, value, _schema, within) =>
    !isObject(value) || entries(value).every(([name, one]) => shapes[name] === undefined || within(shapes[name], one)),
  patternProperties: (shapes: Record<string, Schema>, value, _schema, within) =>
    !isObject(value) ||
    entries(value).every(([name, one]) =>
      entries(shapes).every(([pattern, shape]) => !new RegExp(pattern, "u").test(name) || within(shape, one)),
    ),
  additionalProperties: (shape: Schema, value, schema, within) =>
    !isObject(value) || entries(value).every(([name, one]) => isNamed(name, schema) || within(shape, one)),
  propertyNames: (shape: Schema, value, _schema, within) =>
    !isObject(value) || Object.keys(value).every((name) => within(shape, name)),
  minProperties: (least: number, value) => !isObject(value) || Object.keys(value).length >= least,
  maxProperties: (most: number, value) => !isObject(value) || Object.keys(value).length <= most,

  // They say what a value means, not whether it is valid; `format` is such a word too, and has a pattern beside it.
  description: () => true,
  examples: () => true,
  format: () => true,
};

function isNamed(name: string, { properties, patternProperties }: Schema): boolean {
  if (properties !== undefined && Object.hasOwn(properties as object, name)) return true;
  return Object.keys((patternProperties ?? {}) as object).some((pattern) => new RegExp(pattern, "u").test(name));
}

function isOfType(type: string, value: unknown): boolean {
  switch (type) {
    case "null":
      return value === null;
    case "array":
      return Array.isArray(value);
    case "object":
      return isObject(value);
    case "integer":
      return Number.isInteger(value);
    case "string":
    case "number":
    case "boolean":
      return typeof value === type;
    default:
      throw new Error(`The validator of this test does not know the type ${type}.`);
  }
}

const entries = <T>(value: Readonly<Record<string, T>>) => Object.entries(value);

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
