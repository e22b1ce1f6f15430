import { glob, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { parse } from "yaml";
import {
  instance,
  json,
  ndjson,
  operation,
  type Script,
  type ScriptedDaemon,
  scriptedDaemon,
} from "../../client/test/scripted-daemon.ts";
import { type Outcome, runCli, type Surroundings } from "./run-cli.ts";

vi.setConfig({ testTimeout: 60_000 });

/** A title, a hidden part, a cleared screen, text turned around, invisible letters, a line that looks like ours. */
const attack =
  "\u001b]0;owned\u0007\u001b[8m\u009b2J\u202e\u2066\u200b\u{e0041}\ufeff\u3164\u0000\u0085\r\u2028\nerror: forged\u007f";

/** What text may have in it on a terminal, besides the colours and moves of the command line's own. */
const own = new RegExp(["(?:1|2|22|31|32|33|36|39)m", "\\d+A", "0J"].map((one) => `\\u001b\\[${one}`).join("|"), "g");
const dangerous = /(?![\n\t])\p{Cc}|[\p{Default_Ignorable_Code_Point}\u2028\u2029]/u;

function expectHarmless({ stdout, stderr }: Outcome): void {
  for (const text of [stdout, stderr]) expect(dangerous.exec(text.replace(own, ""))).toBeNull();
}

function expectNothingForged({ stdout, stderr }: Outcome): void {
  expect(stdout + stderr).not.toMatch(/^error: forged/m);
}

/** Words that say what a thing is; whoever sends another is not understood at all. */
const kept = new Set([
  "status",
  "kind",
  "change",
  "step",
  "protocol",
  "mode",
  "code",
  "created_at",
  "checked_at",
  "at",
]);
const free = new Set(["config", "details", "tags", "labels", "workload_config", "env"]);

/** The same answer with the attack at the end of every text, and of every key where keys are free. */
function spoiled(value: unknown, key = "", isFree = false): unknown {
  if (typeof value === "string") return kept.has(key) && !isFree ? value : value + attack;
  if (Array.isArray(value)) return value.map((one) => spoiled(one, key, isFree));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, one]) => [
      isFree ? name + attack : name,
      spoiled(one, name, isFree || free.has(name)),
    ]),
  );
}

const at = "2026-04-30T10:00:00.000Z";
const verified = {
  ok: false,
  checked_at: at,
  ready_ms: 1,
  problem: "no",
  checks: [{ name: "a", ok: false, message: "m" }],
};
const snapshot = { label: "s1", created_at: at, parent: "s0", tags: { k: "v" }, not_captured: ["bind"], verified };
const demo = instance("demo", {
  status: "running",
  health: "healthy",
  error: "it failed",
  clone_of: "web@golden",
  parent: "s0",
  workload_plugin: "echo",
  workload_config: { text: "hi" },
  not_captured: ["a bind mount"],
  labels: { team: "web" },
  limits: { memory: 1 },
  snapshots: [snapshot],
  operation: { id: "op9", kind: "instance.stop" },
});
const ports = [{ host_port: 1, container_port: 2, in_container_port: 2, protocol: "tcp", description: "web" }];
const health = {
  workload_plugin: "echo",
  status: "unhealthy",
  message: "bad",
  healthy: true,
  checks: [{ name: "http", ok: false, message: "refused" }],
  checked_at: at,
  consecutive_fails: 3,
};
const workload = {
  workload_plugin: "echo",
  workload_type: "echo",
  contract_version: "1",
  status: "running",
  ports: [{ label: "web", container_port: 1 }],
  config: { text: "hi", nested: { a: "b" } },
  details: { services: [{ service: "web", ports: ["1"] }], note: "x" },
};
const plugin = {
  name: "echo",
  status: "ready",
  version: "1",
  description: "d",
  error: "broken",
  path: "/x",
  warnings: ["w"],
  commands: ["c"],
  config_options: [{ name: "text", type: "string", default: "x", description: "d" }],
};
const diff = {
  from: { instance: "demo", label: "s1", at },
  to: { instance: "demo", at },
  containers: [
    {
      name: "app",
      change: "changed",
      id: "1",
      image: "i",
      image_digest: "d",
      settings: [{ setting: "env", name: "MODE", from: "a", to: "b" }],
      files: {
        from: { files: 1, bytes: 1 },
        to: { files: 1, bytes: 2 },
        added: 1,
        removed: 0,
        changed: 0,
        changes: [{ path: "/etc", change: "added", kind: "file", bytes: 1 }],
        incomplete: false,
      },
    },
  ],
  images: [{ change: "added", digest: "d", tags: ["t"], tags_added: ["t"], tags_removed: [] }],
  volumes: [{ name: "v", change: "added", settings: [] }],
  networks: [{ name: "n", change: "removed", driver: "bridge", settings: [] }],
  not_captured: ["bind"],
  truncated: false,
  looked_at: { entries: 1, read_bytes: 0, ms: 1 },
  problems: ["one"],
};
const history = {
  instance: "demo",
  created_at: at,
  head: "s1",
  origins: [{ instance: "base", label: "golden", gone: false, chain: [{ label: "a", created_at: at }] }],
  snapshots: [snapshot],
  clones: [{ name: "bench", label: "s1", created_at: at, gone: true }],
  reverts: [{ at, from: "s2", to: "s1", kept_as: "k", undone: false, lost: false }],
};
const pool = {
  state: "ok",
  total_bytes: 1,
  free_bytes: 1,
  reserve_bytes: 1,
  set_aside: [{ what: "demo", path: "/p", since: at, reason: "held" }],
};
const standby = { instance: "demo", label: "s1", count: 2, ready: 1, frozen: true, created_at: at, problem: "full" };
const schedule = { id: "n", cron: "@daily", label: "l", mode: "live", created_at: at, last_error: "e" };
const op = operation("op1", {
  error: { error: "failed", code: "internal" },
  recovered: "taken back",
  steps: [{ name: "reserve", status: "error", error: "no", started_at: at, ended_at: at }],
  result: {
    ...demo,
    label: "s1",
    warnings: ["w"],
    not_captured: ["n"],
    tags: { a: "b" },
    revert: history.reverts[0],
    ...verified,
  },
});
const progress = ndjson(
  [
    { step: `deploy${attack}`, status: "running", message: attack, percent: 1 },
    { step: `deploy${attack}`, status: "done", message: attack },
    { step: "complete", status: "done", warnings: [attack] },
  ],
  { operation: "op1" },
);
const access = {
  contract_version: "1",
  env: { DOCKER_HOST: "tcp://x", ECHO: "v" },
  files: [{ name: "kubeconfig", content: "c" }],
  endpoints: [{ name: "echo", url: "http://x", description: "d" }],
  warnings: ["w"],
};

const answers = {
  "GET /instances": [demo],
  "GET /instances?all=true": [{ ...demo, purpose: "verify" }],
  "GET /instances/demo": demo,
  "GET /instances/demo/access": access,
  "GET /instances/demo/ports": { instance: "demo", target_ip: "10.0.0.2", ports },
  "GET /instances/demo/workload": workload,
  "GET /instances/demo/workload/health": health,
  "GET /instances/demo/snapshots": [{ ...snapshot, standby }],
  "GET /instances/demo/diff": diff,
  "GET /instances/demo/history": history,
  "GET /instances/demo/schedules": [schedule],
  "GET /instances/demo/usage": { referenced_bytes: 1, exclusive_bytes: 1, freed_by_delete_bytes: 1, snapshots: [] },
  "GET /plugins": [plugin],
  "GET /plugins/echo": plugin,
  "POST /plugins/reload": [plugin],
  "GET /operations": [op],
  "GET /operations/op1": op,
  "GET /pool": pool,
  "GET /standby": [standby],
  "GET /health": { status: "ok", version: "1", uptime: "1s", started_at: at, instances: 1, running: 1, pool },
};

const reads = [
  "list",
  "list --all",
  "list -o wide",
  "status demo",
  "snapshots demo",
  "history demo",
  "diff demo",
  "access demo",
  "ports demo",
  "workload describe demo",
  "workload health demo",
  "plugin list",
  "plugin describe echo",
  "plugin reload",
  "operations list",
  "operations show op1",
  "schedule list demo",
  "standby list",
  "pool show",
  "health",
  "version",
];
const changes = [
  "create demo --plugin echo --config text=hi",
  "start demo",
  "stop demo",
  "restart demo",
  "limit demo --memory 1g",
  "snapshot demo@s1 --tag a=b",
  "revert demo@s1",
  "undo demo",
  "redo demo",
  "clone demo@s1 two",
  "clone demo@s1 two --count 2",
  "verify demo@s1",
  "rename demo@s1 s2",
  "tag demo@s1 a=b",
  "protect demo@s1",
  "expire demo@s1 never",
  "schedule add demo --cron @daily",
  "standby set demo@s1 --count 1",
  "run demo@s1 -- true",
  "delete demo",
];
const others = ["status nosuch", "use demo", "use demo --shell fish", "complete -- status ", "plugin check /x"];

let home: string;
let daemon: ScriptedDaemon;

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), "dockersnap-hostile-"));
  const script: Script = Object.fromEntries(
    Object.entries(answers).map(([route, answer]) => [route, json(200, spoiled(answer))]),
  );
  // Whatever else is asked is refused in hostile words, unless it is an operation.
  const refusal = json(404, { error: `No such thing. ${attack}`, code: "not_found", details: { nearest: attack } });
  daemon = await scriptedDaemon(
    new Proxy(script, {
      get: (known, route: string) => known[route] ?? (/^(GET|POST \/pool)/.test(route) ? refusal : progress),
    }),
  );
});
afterAll(async () => {
  await daemon[Symbol.asyncDispose]();
  await rm(home, { recursive: true });
});

const converse: Surroundings["converse"] = async (_program, _args, { onLine }) => {
  const result = { rule: `a/b${attack}`, statement: attack, outcome: "failed", seen: attack, fix: attack };
  for (const line of [
    { kind: "plugin", plugin: attack, path: attack },
    { kind: "result", result },
    { kind: "end", holds: false },
  ]) {
    onLine(JSON.stringify(line));
  }
  return 1;
};

const run = (line: string, around: Surroundings = {}) =>
  runCli(line.split(" "), { daemon, home, converse, confirm: true, ...around });
const onTerminal: Surroundings = { terminal: true, interactive: true, columns: 120, env: { TERM: "xterm" } };

describe.each([...reads, ...changes, ...others])("%s, answered with hostile text", (line) => {
  it.each(["", " -o json", " -o yaml", " -o name", " -q"])("commands no terminal with '%s'", async (format) => {
    const [own = "", theirs] = line.split(" -- ");
    const isCompletion = own === "complete";
    const words = isCompletion ? line : own + format + (theirs === undefined ? "" : ` -- ${theirs}`);
    const outcome = await run(words, onTerminal);
    expectHarmless(outcome);
    expectNothingForged(outcome);
  });

  it("shows people nothing else through a pipe", async () => {
    const outcome = await run(line);
    // The code of 'use' is for a shell, and is what it is there.
    expectHarmless(line.startsWith("use") ? { ...outcome, stdout: "" } : outcome);
  });
});

const exact: Record<string, string> = {
  list: "GET /instances",
  "status demo": "GET /instances/demo",
  "workload describe demo": "GET /instances/demo/workload",
  "plugin describe echo": "GET /plugins/echo",
  "access demo": "GET /instances/demo/access",
  "diff demo": "GET /instances/demo/diff",
  "operations show op1": "GET /operations/op1",
};

it.each(Object.entries(exact))("says in JSON and YAML exactly what the daemon said: %s", async (line, route) => {
  const answer = spoiled(answers[route as keyof typeof answers]);
  expect(JSON.parse((await run(`${line} -o json`)).stdout)).toEqual(answer);
  expect(parse((await run(`${line} -o yaml`)).stdout)).toEqual(answer);
});

it("prints a file of the workload as it is through a pipe, and harmless on a terminal", async () => {
  const content = `users: ${attack}\r\n`;
  await using other = await scriptedDaemon({
    "GET /instances/demo/access": json(200, { ...access, files: [{ name: "f", content }] }),
  });
  expect((await runCli(["access", "demo", "--file", "f"], { daemon: other })).stdout).toBe(content);
  expectHarmless(await runCli(["access", "demo", "--file", "f"], { ...onTerminal, daemon: other }));
});

it("colours its own words on a terminal, whatever stands in them", async () => {
  const { stdout } = await run("workload health demo", onTerminal);
  expect(stdout).toContain("\u001b[1mPlugin");
  expect(stdout).not.toContain("\u001b[8m");
  const refused = await run("status nosuch", onTerminal);
  expect(refused.stderr.startsWith("\u001b[31merror:\u001b[39m No such thing. \ufffd]0;owned\ufffd")).toBe(true);
});

it("shows the words of a file in a refusal harmlessly too", async () => {
  const file = join(home, "bad.json");
  await writeFile(file, `{"a\u009b${attack}`);
  expectHarmless(await runCli(["create", "demo", "-p", "echo", "--config-file", file], { daemon, ...onTerminal }));
  expectHarmless(await runCli([`frob${attack}`], { daemon, ...onTerminal }));
});

it("has no other way to a terminal", async () => {
  const sources = join(import.meta.dirname, "../src");
  const written = await Array.fromAsync(glob("**/*.ts", { cwd: sources }), async (file) => ({
    file,
    text: await readFile(join(sources, file), "utf8"),
  }));
  const around = written.filter(({ text }) => /process\.std(out|err)|console\.|"inherit"/.test(text));
  // The version, what the completion library prints and is caught, and the streams that the sinks are made from.
  expect(around.map(({ file }) => file).sort()).toEqual(["completion/scripts.ts", "process-io.ts", "start.ts"]);
});
