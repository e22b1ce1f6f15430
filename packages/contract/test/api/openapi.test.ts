import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { openApiDocument } from "../../src/api/openapi.ts";
import { routes } from "../../src/api/routes/index.ts";

describe("the OpenAPI document", () => {
  const document = openApiDocument("1") as {
    paths: Record<string, Record<string, { parameters?: { in: string; name: string }[] }>>;
    components: { schemas: Record<string, unknown> };
  };

  it("is published as the schemas have it", async () => {
    const text = `${JSON.stringify(document, null, 2)}\n`;
    await expect(text).toMatchFileSnapshot(join(import.meta.dirname, "../../published/openapi.json"));
  });

  it("has every route once, and a schema for each parameter of its path", () => {
    const told = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, { parameters = [] }]) => {
        const inPath = parameters.filter((one) => one.in === "path").map(({ name }) => name);
        expect(inPath).toEqual([...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name));
        return `${method.toUpperCase()} ${path}`;
      }),
    );
    expect(told.sort()).toEqual(
      Object.values(routes)
        .map(({ method, path }) => `${method} ${path}`)
        .sort(),
    );
  });

  it("refers only to shapes it has, and closes nothing to later fields", () => {
    const text = JSON.stringify(document);
    const named = [...text.matchAll(/"#\/components\/schemas\/([^"]+)"/g)].map(([, name]) => name);
    expect(named.length).toBeGreaterThan(50);
    expect(Object.keys(document.components.schemas)).toEqual(expect.arrayContaining(named));
    expect(document.components.schemas.Instance).not.toHaveProperty("additionalProperties");
    expect(document.components.schemas.CreateInstanceRequest).not.toHaveProperty("additionalProperties");
  });
});
