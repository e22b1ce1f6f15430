import { describe, expect, it } from "vitest";
import { openWorld } from "./world.ts";

const create = "/api/v1/instances";

const nested = (depth: number): string => (depth === 0 ? "1" : `{"k":${nested(depth - 1)}}`);
const many = (count: number, entry: (index: number) => string) => Array.from({ length: count }, (_, i) => entry(i));

/** Each is below the bound on bodies. */
const bodies: Record<string, string> = {
  "nested unknown fields": `{${many(400, (i) => `"${"u".repeat(80)}${i}":${nested(40)}`).join(",")}}`,
  "fields that are only known to be wrong": `{${many(9_000, (i) => `"nam${i}":1`).join(",")}}`,
  "200,000 numbers no field can hold": `{"name":"web","limits":{"x":[${many(200_000, () => "1e99").join(",")}]}}`,
  "9,000 numbers no field can hold": `{"name":"web","limits":{"x":[${many(9_000, () => "1e99").join(",")}]}}`,
  "numbers deep in long names": `{${many(2_000, (i) => `"${i}${"n".repeat(300)}":{"${"m".repeat(100)}":1e99}`).join(",")}}`,
  "50,000 labels": `{"name":"web","labels":{${many(50_000, (i) => `"l${i}":${i}`).join(",")}}}`,
  "9,000 labels that are none": `{"name":"web","labels":{${many(9_000, (i) => `"-${i}":${i}`).join(",")}}}`,
  "one label of a megabyte": `{"name":"web","labels":{"${"l".repeat(1_000_000)}":7}}`,
  "one field of a megabyte": `{"${"f".repeat(1_000_000)}":1}`,
  "a name of a megabyte": `{"name":"${"n".repeat(1_000_000)}"}`,
  "lists in lists": `{"name":"web","x":${"[".repeat(400_000)}${"]".repeat(400_000)}}`,
};

describe("a body", () => {
  it.each(Object.entries(bodies))("of %s is answered shortly", async (_what, raw) => {
    await using world = await openWorld();
    expect(raw.length).toBeLessThan(1_048_576);
    const { status, text, json } = await world.ask("POST", create, { raw });
    expect([status, json.code]).toEqual([400, "invalid_request"]);
    expect(text.length).toBeLessThan(40_000);
    expect(json.details?.problems?.length ?? 0).toBeLessThanOrEqual(20);
    expect(world.service.begun).toEqual([]);
  });

  it("with more problems than are listed says how many more there are", async () => {
    await using world = await openWorld();
    const { json } = await world.ask("POST", create, { raw: bodies["9,000 numbers no field can hold"] ?? "" });
    expect(json.error).toMatch(/^The request has 9000 problems: .*; and 8980 more\.$/);
    expect(json.details).toMatchObject({ problems: { length: 20 }, omitted: 8_980 });
  });

  it("with more unknown fields than are listed says how many more were ignored", async () => {
    await using world = await openWorld();
    const raw = `{"name":"web",${many(5_000, (i) => `"field${i}":1`).join(",")}}`;
    const { status, json } = await world.ask("POST", create, { raw });
    expect(status).toBe(201);
    expect(json.warnings).toHaveLength(21);
    expect(json.warnings.at(-1)).toBe("4980 more fields are not known and were ignored.");
    expect(JSON.stringify(json).length).toBeLessThan(20_000);
  });
});
