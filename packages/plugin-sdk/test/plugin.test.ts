import { expect, it } from "vitest";
import { createPlugin } from "../src/index.ts";

it.each(["", "Echo", "9lives", "with space", "a".repeat(33), "../up"])("refuses the name %j", (name) => {
  expect(() => createPlugin({ name, version: "1" })).toThrow("cannot name a plugin");
});

it("refuses an option that is declared twice", () => {
  const twice = { name: "a", type: "string" } as const;
  expect(() => createPlugin({ name: "x", version: "1", configOptions: [twice, twice] })).toThrow(
    "'a' is declared twice",
  );
});

it("refuses a default that is not of its option's type", () => {
  const configOptions = [{ name: "port", type: "int", default: 1.5 }] as const;
  expect(() => createPlugin({ name: "x", version: "1", configOptions })).toThrow("'port' expects an int");
});

it("refuses a default with an unknown template", () => {
  const configOptions = [{ name: "text", type: "string", default: "{{ hostname }}" }] as const;
  expect(() => createPlugin({ name: "x", version: "1", configOptions })).toThrow("only {{ instance_name }} is known");
});

it("refuses a second handler for a command", () => {
  const plugin = createPlugin({ name: "x", version: "1" });
  plugin.onDeploy(() => undefined);
  expect(() => plugin.onDeploy(() => undefined)).toThrow("two handlers for deploy");
});

it("does not run in a module that was imported", async () => {
  await expect(createPlugin({ name: "x", version: "1" }).run()).resolves.toBeUndefined();
});
