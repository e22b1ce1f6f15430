import { describe, expect, expectTypeOf, it } from "vitest";
import { createPlugin, type PluginContext } from "../../src/index.ts";
import { newContext } from "../../src/testing/index.ts";

const plugin = createPlugin({
  name: "typed",
  version: "1.0.0",
  configOptions: [
    { name: "text", type: "string", default: "hi" },
    { name: "token", type: "string", required: true },
    { name: "port", type: "int", default: 80 },
    { name: "retries", type: "int" },
    { name: "tls", type: "bool", default: false },
    { name: "hosts", type: "string-list", default: [] },
    { name: "proxy.http", type: "string" },
    { name: "file", type: "path" },
  ],
});
const build = (config: Record<string, unknown> = {}) =>
  newContext(plugin)
    .withConfig({ token: "t", ...config })
    .build();

describe("a declared option", () => {
  it("is read by its name and type", () => {
    const { config } = build({ hosts: ["a"], tls: true, file: "/etc/hosts", "proxy.http": "http://p" });
    expect([config.string("text"), config.int("port"), config.bool("tls")]).toEqual(["hi", 80, true]);
    expect([config.stringList("hosts"), config.path("file"), config.string("proxy.http")]).toEqual([
      ["a"],
      "/etc/hosts",
      "http://p",
    ]);
  });

  it("is undefined when nobody gave it and it has no default", () => {
    expect(build().config.int("retries")).toBeUndefined();
  });

  it("is typed by whether it always has a value", () => {
    const { config } = build();
    expectTypeOf(config.string("text")).toEqualTypeOf<string>();
    expectTypeOf(config.string("token")).toEqualTypeOf<string>();
    expectTypeOf(config.string("proxy.http")).toEqualTypeOf<string | undefined>();
    expectTypeOf(config.int("retries")).toEqualTypeOf<number | undefined>();
    expectTypeOf(config.bool("tls")).toEqualTypeOf<boolean>();
    expectTypeOf(config.stringList("hosts")).toEqualTypeOf<string[]>();
    expectTypeOf(config.path("file")).toEqualTypeOf<string | undefined>();
  });
});

describe("an undeclared name", () => {
  it("does not compile, and throws with the nearest one", () => {
    const { config } = build();
    // @ts-expect-error: no such option
    expect(() => config.string("txet")).toThrow("declares no config option 'txet'. Declared: text.");
  });

  it("does not compile under another type, and throws", () => {
    const { config } = build();
    // @ts-expect-error: declared as int
    expect(() => config.string("port")).toThrow("declared as int, not string");
  });
});

it("types the context of a handler in a file of its own", () => {
  type Ctx = PluginContext<typeof plugin>;
  const handler = (ctx: Ctx) => ctx.config.int("port");
  expect(handler(build())).toBe(80);
});
