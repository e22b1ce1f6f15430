import { describe, expect, it } from "vitest";
import type { ConfigOption } from "../../src/words.ts";
import { checkConfig } from "../../src/words.ts";

const options: ConfigOption[] = [
  { name: "text", type: "string", default: "hello from {{ instance_name }}" },
  { name: "port", type: "int", default: 5678 },
  { name: "tls", type: "bool" },
  { name: "hosts", type: "string-list" },
  { name: "file", type: "path" },
  { name: "proxy.http", type: "string" },
];
const rules = { instanceName: "demo", fileExists: (path: string) => path.startsWith("/etc/demo") };
const check = (given: Record<string, unknown> | null | undefined) => checkConfig(options, given, rules);
const messages = (given: Record<string, unknown>) => check(given).problems.map((problem) => problem.message);

describe("a good configuration", () => {
  it("has defaults under what was given, and nothing for the rest", () => {
    expect(check({ port: 80 })).toEqual({ config: { text: "hello from demo", port: 80 }, problems: [] });
  });

  it.each([undefined, null, {}])("is all defaults when %j is given", (given) => {
    expect(check(given).config).toEqual({ text: "hello from demo", port: 5678 });
  });

  it("takes dotted names as flat keys", () => {
    expect(check({ "proxy.http": "http://p:1" }).config).toMatchObject({ "proxy.http": "http://p:1" });
  });

  it("fills the instance's name in with any spacing, in list items too", () => {
    const { config, problems } = check({
      text: "{{instance_name}} {{   instance_name }}",
      hosts: ["{{ instance_name }}.example.com"],
      file: "/etc/{{ instance_name }}.conf",
    });
    expect(problems).toEqual([]);
    expect(config).toMatchObject({ text: "demo demo", hosts: ["demo.example.com"], file: "/etc/demo.conf" });
  });

  it("leaves an opening without a closing as text", () => {
    expect(check({ text: "{{ instance_name" }).config).toMatchObject({ text: "{{ instance_name" });
  });

  it("is the same when it is checked again", () => {
    const { config } = check({ hosts: ["{{ instance_name }}"] });
    expect(check(config)).toEqual({ config, problems: [] });
  });

  it("may leave an optional path empty", () => {
    expect(check({ file: "" }).problems).toEqual([]);
  });

  it("takes a null default as none", () => {
    expect(checkConfig([{ name: "a", type: "string", default: null }], {}, rules)).toEqual({
      config: {},
      problems: [],
    });
  });
});

describe("problems", () => {
  it("come all at once, each with its key, what was expected and what came", () => {
    expect(messages({ txt: "hi", port: "80", tls: 1, hosts: ["a", 2], file: "/nowhere", "proxy.http": null })).toEqual([
      "Unknown key 'txt'. Did you mean 'text'?",
      `'port' expects an int, got the string "80".`,
      "'tls' expects a bool, got the number 1.",
      "'hosts' expects a list of strings, got the number 2 as item 2.",
      `'file' expects the path of a file on the daemon's host, but "/nowhere" is not there.`,
      "'proxy.http' expects a string, got null.",
    ]);
  });

  it.each([1.5, Number.NaN, 2 ** 60, true, [1], {}])("include %j for an int", (port) => {
    expect(messages({ port })).toHaveLength(1);
  });

  it("name a missing required key", () => {
    const required: ConfigOption[] = [{ name: "token", type: "string", required: true }];
    expect(checkConfig(required, {}, rules).problems).toEqual([
      { key: "token", message: "'token' is required and expects a string, but nothing was given." },
    ]);
  });

  it("name any template but the instance's name", () => {
    expect(messages({ text: "{{ host }}" })).toEqual([
      `'text' holds the template "{{ host }}"; only {{ instance_name }} is known.`,
    ]);
    expect(messages({ hosts: ["{{ instance_name }}", "{{ env.HOME }}"] })).toHaveLength(1);
  });

  it("say so when the plugin's own default is at fault", () => {
    const wrong: ConfigOption[] = [{ name: "port", type: "int", default: "80" }];
    expect(checkConfig(wrong, {}, rules).problems[0]?.message).toBe(
      `The plugin's own default for 'port' expects an int, got the string "80".`,
    );
  });

  it("list what is known when nothing is near, or that nothing is", () => {
    expect(messages({ zzzzzz: 1 })[0]).toContain("This plugin knows 'text', 'port'");
    expect(checkConfig(null, { a: 1 }, rules).problems[0]?.message).toContain("takes no configuration");
  });

  it("treat names of Object's own as unknown keys", () => {
    expect(check(JSON.parse('{"__proto__": {"text": 1}, "constructor": 2}')).problems).toHaveLength(2);
  });

  it("quote only the beginning of a long value", () => {
    expect(messages({ port: "x".repeat(10_000) })[0]?.length).toBeLessThan(150);
  });

  it("are found in time that grows with the length of the value", () => {
    const started = performance.now();
    check({ text: "{{".repeat(500_000) });
    check({ text: "{{instance_name}}".repeat(50_000) });
    expect(performance.now() - started).toBeLessThan(2000);
  });
});
