import { writeFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type CliResult, cli } from "../support/cli.ts";
import { World } from "../support/world.ts";

const token = "0123456789abcdef0123456789abcdef";

let world: World;
beforeAll(async () => {
  world = await World.prepare({ config: { api: { token } } });
  await world.startDaemon();
});
afterAll(() => world?.[Symbol.asyncDispose]());

/** What a daemon says that is to start with these lines. */
async function serve(...lines: string[]): Promise<CliResult> {
  const file = `${world.dir}/other.yaml`;
  const folders = [`state_dir: ${world.dir}/other-state`, `run_dir: ${world.dir}/other-run`];
  writeFileSync(file, `${[...lines, ...folders].join("\n")}\n`, { mode: 0o600 });
  return cli(world, "serve", "--config", file);
}

describe("a configuration with a mistake", () => {
  it.each([
    ["an unknown key", ["api:", "  lisen: 127.0.0.1:1"], 2, /api\.lisen.*Did you mean.*listen/],
    ["an unknown section", ["apii: {}"], 1, /apii.*Did you mean.*api/],
    ["a bad value", ["log_level: loud"], 1, /log_level: expected one of .*info.*, got "loud"/],
    ["a bad size", ["", "btrfs:", "  size: plenty"], 3, /btrfs\.size: expected a size such as 20G.*, got "plenty"/],
    ["a bad duration", ["plugins:", "  health_poll_interval: soon"], 2, /expected a duration such as 30s/],
    ["a list for text", ["docker:", "  binary: [a, b]"], 2, /docker\.binary: expected/],
    ["a key given twice", ["log_level: info", "log_level: warn"], 2, /unique/],
  ])("stops the start: %s, with file, line, key and what was expected", async (_what, lines, line, words) => {
    const { code, stderr } = await serve(...lines);
    expect({ code, stderr }).toMatchObject({
      code: 1,
      stderr: expect.stringContaining(`${world.dir}/other.yaml:${line}: `),
    });
    expect(stderr).toMatch(words);
    expect(stderr).not.toMatch(/\n +at /);
  });

  it("stops the start with every mistake at once", async () => {
    const { stderr } = await serve("log_level: loud", "network:", "  subnet_size: 99");
    expect(stderr).toContain("2 problems");
    expect(stderr).toMatch(/other\.yaml:1: log_level: expected/);
    expect(stderr).toMatch(/other\.yaml:3: network\.subnet_size: expected/);
  });

  it("stops the start where it is no YAML", async () => {
    const { code, stderr } = await serve("api: [");
    expect({ code, stderr }).toMatchObject({ code: 1, stderr: expect.stringContaining("other.yaml:") });
  });

  it("stops the start where there is no such file", async () => {
    const { code, stderr } = await cli(world, "serve", "--config", "/nowhere/config.yaml");
    expect({ code, stderr }).toMatchObject({ code: 1, stderr: expect.stringContaining("/nowhere/config.yaml") });
  });

  it("stops the start that would let other machines in without a token", async () => {
    const { code, stderr } = await serve("api:", "  listen: 0.0.0.0:9999");
    expect({ code, stderr }).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/other\.yaml:2: api\.listen.*api\.token/),
    });
  });

  it("in the environment stops the start with the variable's name", async () => {
    const other = await World.prepare();
    await using _other = other;
    await expect(other.startDaemon({ DOCKERSNAP_LOG_LEVEL: "loud" })).rejects.toThrow(
      /DOCKERSNAP_LOG_LEVEL: log_level: expected/,
    );
  });
});

it("is taken from the environment over the file", async () => {
  await using other = await World.prepare({ config: { api: { token } } });
  await other.startDaemon({ DOCKERSNAP_API_TOKEN: "another-token-of-some-length" });
  const ask = (bearer: string) =>
    fetch(`${other.url}/api/v1/instances`, { headers: { authorization: `Bearer ${bearer}` } });
  expect((await ask(token)).status).toBe(401);
  expect((await ask("another-token-of-some-length")).status).toBe(200);
});

it("refuses a second daemon on the same state", async () => {
  const { code, stderr } = await cli(world, "serve", "--config", world.configFile);
  expect(code).toBe(1);
  expect(stderr).toMatch(/another|already/i);
  expect((await fetch(`${world.url}/api/v1/health`)).status).toBe(200);
});

describe("a daemon with a token", () => {
  const ask = (path: string, headers: Record<string, string> = {}) => fetch(`${world.url}${path}`, { headers });

  it("answers who sends it, and nobody else but on its health", async () => {
    expect((await ask("/api/v1/health")).status).toBe(200);
    for (const path of ["/api/v1/instances", "/api/v1/events", "/metrics", "/api/v1/openapi.json"]) {
      expect((await ask(path)).status, path).toBe(401);
      expect((await ask(path, { authorization: `Bearer ${token}x` })).status, path).toBe(401);
    }
    expect((await ask("/api/v1/instances", { authorization: `Bearer ${token}` })).status).toBe(200);
    expect((await ask("/metrics", { authorization: `Bearer ${token}` })).status).toBe(200);
  });

  it("is told it by the command line, which says how when it is missing", async () => {
    expect(await cli(world, "list", "--token", token)).toMatchObject({ code: 0 });
    const refused = await cli(world, "list");
    expect(refused).toMatchObject({ code: 1, stderr: expect.stringMatching(/--token or DOCKERSNAP_TOKEN/) });
    const wrong = await cli(world, "list", "--token", "wrong");
    expect(wrong.code).toBe(1);
    expect(wrong.stderr).not.toContain(token);
  });

  it("never writes it into its log", () => {
    expect(world.logTail(10_000)).not.toContain(token);
  });
});

it("refuses what another site's page would send", async () => {
  await using other = await World.start();
  const post = (headers: Record<string, string>) =>
    fetch(`${other.url}/api/v1/instances`, { method: "POST", headers, body: JSON.stringify({ name: "web" }) });
  expect((await post({ origin: "https://evil.example", "content-type": "text/plain" })).status).toBe(403);
  expect(await other.client.instances.list()).toEqual([]);
});
