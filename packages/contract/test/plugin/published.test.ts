import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import * as z from "zod";
import { type JsonSchema, withFieldsTable } from "../../../../scripts/docs/fields-table.ts";
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
});

it("is told on the reference page, every shape field by field, as the schemas have it", async () => {
  const page = join(import.meta.dirname, "../../../../docs/reference/plugin-contract.md");
  const made = Object.entries(shapes).reduce(
    (text, [name, shape]) => withFieldsTable(text, name, jsonSchema(shape) as JsonSchema),
    readFileSync(page, "utf8"),
  );
  await expect(made).toMatchFileSnapshot(page);
});
