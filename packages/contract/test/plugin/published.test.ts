import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import * as z from "zod";
import * as contract from "../../src/plugin/index.ts";

const shapes = {
  PluginInput: contract.PluginInput,
  SchemaResponse: contract.SchemaResponse,
  ValidateResponse: contract.ValidateResponse,
  ProgressEvent: contract.ProgressEvent,
  AccessResponse: contract.AccessResponse,
  DescribeResponse: contract.DescribeResponse,
  HealthResponse: contract.HealthResponse,
  ErrorEnvelope: contract.ErrorEnvelope,
  PluginLogLine: contract.PluginLogLine,
};

/** Open to fields it does not know, as both sides of the contract are. */
const jsonSchema = (shape: z.ZodType) => z.toJSONSchema(shape, { io: "input" });

describe.each(Object.entries(shapes))("%s", (name, shape) => {
  it("is published as the schemas have it", async () => {
    const text = `${JSON.stringify({ title: name, ...jsonSchema(shape) }, null, 2)}\n`;
    await expect(text).toMatchFileSnapshot(join(import.meta.dirname, `../../published/plugin/${name}.json`));
  });

  it("is told field by field on the reference page, with what may be left out", () => {
    expect(fieldsOnPage(name)).toEqual(fieldsOf(jsonSchema(shape) as Node));
  });
});

interface Node {
  properties?: Record<string, Node>;
  required?: string[];
  items?: Node;
  anyOf?: Node[];
}

/** `field: needed` lines; a field of a list's items or of an object inside has its path. */
function fieldsOf(node: Node, prefix = ""): string[] {
  return Object.entries(node.properties ?? {}).flatMap(([name, field]) => {
    const path = `${prefix}${name}`;
    const [inner = field] = (field.anyOf ?? [field]).filter((one) => one.properties ?? one.items);
    const nested = inner.items ? fieldsOf(inner.items, `${path}[].`) : fieldsOf(inner, `${path}.`);
    return [`${path}: ${node.required?.includes(name) ? "yes" : "no"}`, ...nested];
  });
}

const page = readFileSync(join(import.meta.dirname, "../../../../docs/reference/plugin-contract.md"), "utf8");

function fieldsOnPage(shape: string): string[] {
  const [, section = ""] = page.split(`\n### ${shape}\n`);
  const [own = ""] = section.split(/\n##/);
  return [...own.matchAll(/^\| `([^`]+)` \| [^|]+ \| (yes|no) \|/gm)].map(([, field, needed]) => `${field}: ${needed}`);
}
