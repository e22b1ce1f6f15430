import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import {
  complete,
  instance,
  json,
  ndjson,
  operation,
  type Reply,
  type ScriptedDaemon,
  scriptedDaemon,
} from "../../client/test/scripted-daemon.ts";
import { runCli } from "./run-cli.ts";

let folder: string;
let daemon: ScriptedDaemon;
/** What docker was called with. */
let docker: readonly string[];

const done: Reply = ndjson([complete], { operation: "op1" });

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "dockersnap-go-"));
  await writeFile(join(folder, "x.sock"), "");
  await writeFile(join(folder, "kind.yaml"), "wait_ready: true\n");
  const plugin = { name: "kind", status: "ready", version: "1" };
  const health = { status: "ok", version: "1", uptime: "1s", instances: 0, running: 0 };
  const file = { name: "kubeconfig", content: "clusters: []\n" };
  daemon = await scriptedDaemon({
    "GET /instances": json(200, [instance("x")]),
    "GET /instances/x": json(200, instance("x", { socket: join(folder, "x.sock") })),
    "GET /instances/x/access": json(200, { contract_version: "1", env: {}, files: [file], endpoints: [] }),
    "GET /instances/x/ports": json(200, { instance: "x", target_ip: "10.0.0.2", ports: [] }),
    "GET /instances/x/workload": json(200, { workload_type: "none" }),
    "GET /instances/x/workload/health": json(200, { healthy: true, checks: [], checked_at: "", workload_plugin: "" }),
    "GET /instances/x/workload/health?fresh=true": json(200, {
      healthy: true,
      checks: [],
      checked_at: "",
      workload_plugin: "",
    }),
    "GET /plugins": json(200, [plugin]),
    "GET /plugins/kind": json(200, plugin),
    "POST /plugins/reload": json(200, [plugin]),
    "GET /health": json(200, health),
    "GET /standby": json(200, []),
    "GET /operations/op1": json(200, operation("op1", { result: { ...instance("x"), label: "a" } })),
    "POST /instances": done,
    "DELETE /instances/x": done,
    "POST /instances/x/start": done,
    "POST /instances/x/stop": done,
    "POST /instances/x/restart": done,
    "POST /instances/x/snapshot": done,
    "POST /instances/x/revert": done,
    "POST /instances/x/clone": done,
  });
});
afterAll(async () => {
  await daemon[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

/** Runs the words with `FOLDER` in them replaced, and answers with the first request that changes anything. */
async function run(line: string) {
  daemon.received.length = 0;
  docker = [];
  const outcome = await runCli(line.replaceAll("FOLDER", folder).split(" ").slice(1), {
    daemon,
    home: folder,
    run: async (_program, args) => {
      docker = args;
      return 0;
    },
  });
  return { ...outcome, sent: daemon.received.find(({ route }) => !route.startsWith("GET")) };
}

it.each([
  "dockersnap",
  "dockersnap --help",
  "dockersnap -h",
  "dockersnap help",
  "dockersnap help revert",
  "dockersnap revert -h",
  "dockersnap -v",
  "dockersnap --version",
  "dockersnap version",
  "dockersnap health",
  "dockersnap list",
  "dockersnap ls",
  "dockersnap ps",
  "dockersnap -t secret list",
  "dockersnap --token secret list",
  "dockersnap --token=secret list",
  "dockersnap -t=secret list",
  "dockersnap list -tsecret",
  "dockersnap status x",
  "dockersnap info x",
  "dockersnap show x",
  "dockersnap use x",
  "dockersnap use --unset",
  "dockersnap use -u",
  "dockersnap use x -u",
  "dockersnap use --unset=true x",
  "dockersnap access x",
  "dockersnap access x --file kubeconfig",
  "dockersnap access --file=kubeconfig x",
  "dockersnap access x -o json",
  "dockersnap access x -o=json",
  "dockersnap access x -ojson",
  "dockersnap access x --output text",
  "dockersnap workload describe x",
  "dockersnap wl describe x",
  "dockersnap workload health x",
  "dockersnap workload health x --fresh",
  "dockersnap wl health --fresh=true x",
  "dockersnap workload",
  "dockersnap plugin",
  "dockersnap plugin list",
  "dockersnap plugin ls",
  "dockersnap plugins list",
  "dockersnap plugins ls",
  "dockersnap plugin describe kind",
  "dockersnap plugins describe kind",
  "dockersnap plugin reload",
  "dockersnap plugins reload",
  "dockersnap completion bash",
  "dockersnap completion zsh",
  "dockersnap completion fish",
  "dockersnap completion powershell",
  "dockersnap __complete status x",
  "dockersnap __completeNoDesc status x",
  "dockersnap serve",
  "dockersnap serve --config /etc/dockersnap/config.yaml",
])("runs %s", async (line) => {
  const { code, stderr } = await run(line);
  expect({ code, stderr }).toEqual({ code: 0, stderr: expect.not.stringContaining("error:") });
});

const created = (config: unknown) => ({ name: "x", workload_inline: { plugin: "kind", config } });

it.each([
  ["dockersnap create x", "POST /instances", { name: "x" }],
  ["dockersnap new x", "POST /instances", { name: "x" }],
  ["dockersnap create x --plugin=", "POST /instances", { name: "x" }],
  ["dockersnap create x --plugin kind", "POST /instances", created({})],
  [
    "dockersnap create x --plugin kind --config retries=5 --config wait_ready=true --config a=[1] --config b=text",
    "POST /instances",
    created({ retries: 5, wait_ready: true, a: [1], b: "text" }),
  ],
  [
    "dockersnap create --plugin=kind --config-file FOLDER/kind.yaml --config=retries=5 x",
    "POST /instances",
    created({ wait_ready: true, retries: 5 }),
  ],
  ["dockersnap delete x", "DELETE /instances/x", undefined],
  ["dockersnap rm x", "DELETE /instances/x", undefined],
  ["dockersnap destroy x", "DELETE /instances/x", undefined],
  ["dockersnap start x", "POST /instances/x/start", undefined],
  ["dockersnap stop x", "POST /instances/x/stop", undefined],
  ["dockersnap restart x", "POST /instances/x/restart", undefined],
  ["dockersnap snapshot x a", "POST /instances/x/snapshot", { label: "a" }],
  ["dockersnap snap x a", "POST /instances/x/snapshot", { label: "a" }],
  [
    "dockersnap snapshot x a --tag flag --tag k=v=w --tag=empty=",
    "POST /instances/x/snapshot",
    { label: "a", tags: { flag: "", k: "v=w", empty: "" } },
  ],
  ["dockersnap snapshot --tag k=v x a", "POST /instances/x/snapshot", { label: "a", tags: { k: "v" } }],
  ["dockersnap revert x a", "POST /instances/x/revert", { label: "a" }],
  ["dockersnap rollback x a", "POST /instances/x/revert", { label: "a" }],
  ["dockersnap revert x a -f", "POST /instances/x/revert", { label: "a", force: true }],
  ["dockersnap revert -f x a", "POST /instances/x/revert", { label: "a", force: true }],
  ["dockersnap revert x a --force", "POST /instances/x/revert", { label: "a", force: true }],
  ["dockersnap revert x --force=true a", "POST /instances/x/revert", { label: "a", force: true }],
  ["dockersnap revert x a --force=false", "POST /instances/x/revert", { label: "a" }],
  ["dockersnap revert x a -f=0", "POST /instances/x/revert", { label: "a" }],
  ["dockersnap clone x a y", "POST /instances/x/clone", { label: "a", new_name: "y" }],
  ["dockersnap clone x a -- y", "POST /instances/x/clone", { label: "a", new_name: "y" }],
])("does what %s asks for", async (line, route, body) => {
  const { code, stderr, sent } = await run(line);
  expect({ code, stderr }).toEqual({ code: 0, stderr: expect.not.stringContaining("error:") });
  expect(sent).toMatchObject({ route, body });
});

it.each([
  ["dockersnap docker x", []],
  ["dockersnap docker x ps", ["ps"]],
  ["dockersnap docker x -- ps", ["ps"]],
  ["dockersnap docker x -- ps -a", ["ps", "-a"]],
  ["dockersnap docker x ps -a --format {{.Names}}", ["ps", "-a", "--format", "{{.Names}}"]],
  ["dockersnap docker x exec -it c bash -c env", ["exec", "-it", "c", "bash", "-c", "env"]],
  ["dockersnap docker x run --rm -t -o json alpine -- -r", ["run", "--rm", "-t", "-o", "json", "alpine", "--", "-r"]],
  ["dockersnap docker x --help", ["--help"]],
  ["dockersnap docker x -l debug ps", ["-l", "debug", "ps"]],
  ["dockersnap docker x ps --all=true", ["ps", "--all=true"]],
  ["dockersnap -t secret docker x ps -q", ["ps", "-q"]],
  ["dockersnap docker -t secret x ps -q", ["ps", "-q"]],
  ["dockersnap docker x -t secret -q -- ps -q", ["ps", "-q"]],
])("passes docker its words: %s", async (line, words) => {
  const { code, stderr } = await run(line);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(docker).toEqual(words);
  expect(daemon.received.map(({ route }) => route)).toEqual(["GET /instances/x"]);
});
