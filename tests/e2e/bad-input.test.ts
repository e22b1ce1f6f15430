import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { cli } from "../support/cli.ts";
import { World } from "../support/world.ts";

let world: World;
let name: string;

beforeAll(async () => {
  world = await World.start();
  name = world.name("good");
  await world.client.instances.create({ name });
});
afterAll(() => world?.end());

afterEach(async () => {
  // Whatever was sent, the daemon lives and nothing was made of it.
  expect(await world.client.health()).toMatchObject({ status: "ok", instances: 1 });
});

interface Answer {
  readonly status: number;
  readonly error: string;
  readonly code: string;
}

async function send(
  path: string,
  body: string | Uint8Array<ArrayBuffer>,
  { method = "POST", type = "application/json" } = {},
): Promise<Answer> {
  const response = await fetch(`${world.url}/api/v1${path}`, { method, headers: { "content-type": type }, body });
  const { error, code } = (await response.json()) as Answer;
  return { status: response.status, error, code };
}

const create = (body: unknown) => send("/instances", JSON.stringify(body));

describe("a create", () => {
  it.each([
    ["../x"],
    ["-rf"],
    ["a".repeat(65)],
    ["🐳"],
    ["Upper"],
    ["a b"],
    ["a\nb"],
    ["a\u0000b"],
    [7],
    [["web"]],
    [{}],
  ])("is refused for the name %j, with what a name is", async (bad) => {
    const { status, code, error } = await create({ name: bad });
    expect({ status, code }).toEqual({ status: 400, code: "invalid_request" });
    expect(error).toMatch(/"name".*expected (a lower-case letter followed by|a string)/);
  });

  it.each([
    ["no name at all", {}, /"name" is missing/],
    ["a name that is null", { name: null }, /"name" is missing/],
    ["an empty name", { name: "" }, /"name" is missing/],
    ["a field it does not know", { nmae: "web" }, /"nmae" is not known\. Did you mean "name"\?/],
    ["a limit that is no number", { name: "web", limits: { memory: "much" } }, /"limits.memory": expected .*number/],
    [
      "a limit that is too small",
      { name: "web", limits: { memory: 1 } },
      /"limits.memory": expected at least 201326592 \(192 MiB/,
    ],
    ["a part of a CPU that the kernel does not hand out", { name: "web", limits: { cpus: 1e-9 } }, /at least 0\.01/],
    [
      "more CPUs than there are",
      { name: "web", limits: { cpus: 1000 } },
      /'web' cannot have 1000 CPUs: this host has \d+/,
    ],
    ["a limit that is too large", { name: "web", limits: { cpus: 1e9 } }, /"limits.cpus": expected at most 1024/],
    ["a number no field can hold", { name: "web", limits: { pids: 2 ** 60 } }, /"limits.pids": expected a/],
    ["a label that is no text", { name: "web", labels: { owner: 1 } }, /"labels.owner": expected a string/],
    ["a list", [], /expected an object/],
    ["text", "web", /expected an object/],
    ["nothing", null, /expected an object/],
    ["a plugin that is no name", { name: "web", workload_inline: { plugin: "../echo" } }, /"workload_inline.plugin"/],
    ["a configuration that is a list", { name: "web", workload_inline: { plugin: "echo", config: [] } }, /config/],
  ])("is refused with %s, naming the field and what was expected", async (_what, body, words) => {
    const { status, code, error } = await create(body);
    expect({ status, code }).toEqual({ status: 400, code: "invalid_request" });
    expect(error).toMatch(words);
  });

  it("names every problem at once", async () => {
    const { error } = await create({ name: "-rf", limits: { pids: 0 }, extra: true });
    expect(error).toMatch(/3 problems.*"name".*"limits.pids".*"extra"/s);
  });

  it("offers the nearest plugin for one there is not", async () => {
    const answer = await create({ name: "web", workload_inline: { plugin: "ehco" } });
    expect(answer).toMatchObject({ status: 404, code: "not_found", error: expect.stringContaining("'echo'") });
  });

  it.each([
    ["a key the plugin does not know", { txet: "hi" }, /txet.*text/s],
    ["text for a number", { port: "many" }, /port.*(number|int)/s],
    ["an object for text", { text: { a: 1 } }, /text.*string/s],
    ["what the plugin itself refuses", { port: 70_000 }, /'port' is a number from 1 to 65535, got 70000/],
  ])("is refused with %s in the configuration", async (_what, config, words) => {
    const { status, error } = await create({ name: "web", workload_inline: { plugin: "echo", config } });
    expect([400, 422]).toContain(status);
    expect(error).toMatch(words);
  });

  it.each(["__proto__", "constructor", "prototype", "toString", "hasOwnProperty"])(
    "is refused with the key %s, and no object learns anything from it",
    async (key) => {
      const evil = `{"${key}":{"polluted":true}}`;
      expect(await send("/instances", evil)).toMatchObject({ status: 400, error: expect.stringContaining(key) });
      const inConfig = `{"name":"web","workload_inline":{"plugin":"echo","config":{"${key}":{"polluted":true}}}}`;
      const { status, error } = await send("/instances", inConfig);
      expect([400, 422]).toContain(status);
      expect(error).toContain(key);
    },
  );
});

describe("a snapshot", () => {
  it.each([["../x"], ["-rf"], ["a".repeat(65)], ["🐳"], [""], ["a/b"], ["a@b"], [7]])(
    "is refused for the label %j, with what a label is",
    async (label) => {
      const { status, error } = await send(`/instances/${name}/snapshot`, JSON.stringify({ label }));
      expect(status).toBe(400);
      expect(error).toMatch(/"label".*expected (a letter or digit followed by|a string)/);
    },
  );

  it("is refused in a mode there is not, with those there are", async () => {
    const { status, error } = await send(`/instances/${name}/snapshot`, '{"label":"s","mode":"frozen"}');
    expect(status).toBe(400);
    expect(error).toMatch(/"mode": expected live, paused or stopped, got "frozen"/);
  });
});

describe("a body", () => {
  it.each([
    ["cut short", '{"name":"we', /not valid JSON/],
    ["empty", "", /empty/],
    ["a number beyond all numbers", '{"name":"web","limits":{"memory":1e999}}', /limits.memory/],
    ["nested without end", `${"[".repeat(100_000)}${"]".repeat(100_000)}`, /nested more than/],
  ])("that is %s is refused in words", async (_what, body, words) => {
    const { status, error } = await send("/instances", body);
    expect(status).toBe(400);
    expect(error).toMatch(words);
  });

  it("that is not UTF-8 is refused", async () => {
    const { status, error } = await send("/instances", new Uint8Array([0x7b, 0xff, 0xfe, 0x7d]));
    expect({ status, error }).toEqual({ status: 400, error: "The body is not valid UTF-8." });
  });

  it("of ten megabytes is refused with the most that is read", async () => {
    const { status, code, error } = await create({ name: "web", labels: { a: "x".repeat(10 * 1024 * 1024) } });
    expect({ status, code }).toEqual({ status: 413, code: "payload_too_large" });
    expect(error).toContain("1048576");
  });

  it("that is not JSON by its own word is refused", async () => {
    expect(await send("/instances", "<name>web</name>", { type: "application/xml" })).toMatchObject({
      status: 415,
      code: "unsupported_media_type",
    });
  });
});

describe("a path", () => {
  it.each([
    ["/instances/..%2f..%2fetc%2fpasswd", 404],
    ["/instances/%00", 404],
    ["/instances/%ff", 404],
    [`/instances/${"a".repeat(5_000)}`, 404],
    ["/operations/..%2f..%2fx", 404],
    ["/plugins/..%2fecho", 404],
    ["/nothing/here", 404],
  ])("%s leads nowhere", async (path, expected) => {
    const response = await fetch(`${world.url}/api/v1${path}`);
    expect([expected, 400]).toContain(response.status);
    expect(await response.json()).toMatchObject({ error: expect.any(String), code: expect.any(String) });
  });

  it("with the name of a snapshot that is no label is refused", async () => {
    const response = await fetch(`${world.url}/api/v1/instances/${name}/snapshots/..%2f..`, { method: "DELETE" });
    expect([400, 404]).toContain(response.status);
  });
});

describe("the command line", () => {
  it.each([
    ["a verb", ["lst"], "Did you mean 'list'?"],
    ["a verb of a noun", ["plugin", "lsit"], "Did you mean 'list'?"],
    ["an option", ["create", "web", "--plguin", "echo"], "--plugin"],
    ["a value", ["snapshot", "web", "s", "--mode", "life"], "live"],
    ["a format", ["list", "-o", "jsn"], "json"],
  ])("offers what was meant for a mistyped %s", async (_what, args, words) => {
    const { code, stdout, stderr } = await cli(world, ...args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toContain(words);
  });

  it("offers the nearest instance, snapshot and plugin", async () => {
    const wrong = name.replace("good", "godo");
    expect((await cli(world, "stop", wrong)).stderr).toContain(`Did you mean '${name}'?`);
    expect((await cli(world, "create", world.name("x"), "--plugin", "ehco")).stderr).toContain("'echo'");
  });

  it.each(["../x", "-rf", "🐳", "a".repeat(65)])("refuses to snapshot as %s", async (label) => {
    const { code, stderr } = await cli(world, "snapshot", name, "--", label);
    expect({ code, lines: stderr.trimEnd().split("\n").length }).toEqual({ code: 2, lines: 1 });
    expect(stderr).toContain("label");
  });

  it("shows nothing of a terminal's own language that comes from outside", async () => {
    const { stderr } = await cli(world, "status", "\u001b[31mred");
    expect(stderr).not.toContain("\u001b");
  });
});
