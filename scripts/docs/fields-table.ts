/** As much of a JSON Schema as tables of fields are made of. */
export interface JsonSchema {
  readonly type?: string;
  readonly description?: string;
  readonly enum?: readonly string[];
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly additionalProperties?: JsonSchema | boolean;
  readonly required?: readonly string[];
  readonly items?: JsonSchema;
  readonly anyOf?: readonly JsonSchema[];
}

const head = "| field | type | always there | meaning |\n|---|---|---|---|\n";

/**
 * The page with the table below the heading `### <name>` made from this schema, a row for each field. A field of a list's items,
 * or of an object inside, has its path. Throws where the page has no such heading, or no table under it.
 */
export function withFieldsTable(page: string, name: string, schema: JsonSchema): string {
  const heading = `\n### ${name}\n`;
  const begin = page.indexOf(heading) + heading.length;
  const [section = ""] = page.slice(begin).split(/^##/m);
  if (!page.includes(heading) || !section.includes(head)) {
    throw new Error(`The page has no table of fields under '### ${name}'.`);
  }
  const table = begin + section.indexOf(head);
  const rows = /^(?:\|.*\n)*/.exec(page.slice(table)) ?? [""];
  return `${page.slice(0, table)}${head}${rowsOf(schema, "").join("")}${page.slice(table + rows[0].length)}`;
}

function rowsOf({ properties = {}, required = [] }: JsonSchema, prefix: string): string[] {
  return Object.entries(properties).flatMap(([name, given]) => {
    const path = `${prefix}${name}`;
    const field = withoutNull(given);
    const meaning = [wordsOf(field.enum), given.description].filter(Boolean).join("; ");
    const row = `| \`${path}\` | ${typeOf(field)} | ${required.includes(name) ? "yes" : "no"} |${meaning === "" ? "" : ` ${meaning}`} |\n`;
    return [row, ...(field.items ? rowsOf(field.items, `${path}[].`) : rowsOf(field, `${path}.`))];
  });
}

/** A field that may be null is the same as one that may be left out. */
function withoutNull(field: JsonSchema): JsonSchema {
  return field.anyOf?.find(({ type }) => type !== "null") ?? field;
}

const types: Readonly<Record<string, string>> = { integer: "int", boolean: "bool" };

function typeOf({ type, items, properties, additionalProperties }: JsonSchema): string {
  if (type === undefined) return "any";
  if (type === "array") return items?.type === "string" ? "list of strings" : "list";
  if (type !== "object") return types[type] ?? type;
  if (properties !== undefined) return "object";
  return typeof additionalProperties === "object" && additionalProperties.type === "string" ? "map of strings" : "map";
}

/** More than these are a table of their own. */
const mostWords = 6;

function wordsOf(values: readonly string[] = []): string {
  if (values.length > mostWords) return "";
  const words = values.map((value) => `\`${value}\``);
  return words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} or ${words.at(-1)}`;
}
