import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { readConfigFile } from "../../src/config/file.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "dockersnap-config-"));
});
afterAll(() => rm(folder, { recursive: true }));

async function read(name: string, content: string): Promise<unknown> {
  const path = join(folder, name);
  await writeFile(path, content);
  return readConfigFile(path);
}

it.each([
  ["a.yaml", "a: 1\nb: [x]\n", { a: 1, b: ["x"] }],
  ["b.json", '{"a": 1}', { a: 1 }],
  ["c.conf", '{"a": 1}', { a: 1 }],
  ["d.yml", "# nothing\n", {}],
  ["e.json", "", {}],
])("reads %s", async (name, content, expected) => {
  expect(await read(name, content)).toEqual(expected);
});

it.each([
  ["a.yaml", "a: [1", "is not YAML"],
  ["b.json", "{a: 1}", "is not JSON"],
  ["c.yaml", "- a\n", "is not a mapping"],
  ["d.json", "7", "is not a mapping"],
  ["e.yaml", `a: ${"x".repeat(1024 * 1024)}`, "is longer than"],
])("refuses %s in a sentence", async (name, content, expected) => {
  await expect(read(name, content)).rejects.toMatchObject({
    name: "UsageError",
    message: expect.stringContaining(expected),
  });
});

it("refuses a folder", async () => {
  await expect(readConfigFile(folder)).rejects.toThrow("cannot be read");
});
