import { expect, it } from "vitest";
import { instance, json, operation, scriptedDaemon } from "../../../client/test/scripted-daemon.ts";
import { runCli } from "../run-cli.ts";

const demo = instance("demo", {
  health: "healthy",
  workload_plugin: "echo",
  snapshots: [
    {
      label: "s1",
      created_at: "2026-04-30T10:00:00Z",
      verified: { ok: false, checked_at: new Date(Date.now() - 7_260_000).toISOString() },
    },
  ],
  clone_of: "web@golden",
  operation: { id: "op9", kind: "instance.stop" },
  workload_config: { text: "hi" },
});
const ports = {
  instance: "demo",
  target_ip: "10.10.0.2",
  ports: [
    {
      host_port: 30001,
      container_port: 5678,
      in_container_port: 5678,
      protocol: "tcp",
      description: "web",
      requested_host_port: 5678,
    },
  ],
};
const workload = {
  workload_plugin: "echo",
  workload_type: "echo",
  contract_version: "1",
  status: "running",
  ports: [{ label: "web", container_port: 5678 }],
  config: { text: "hi" },
  details: {
    image: { id: 1 },
    services: [
      { service: "web", ports: ["8080->80/tcp", "443/tcp"] },
      { service: "db", ports: [] },
    ],
  },
};
const workloadHealth = {
  workload_plugin: "echo",
  healthy: false,
  checks: [{ name: "http", ok: false, message: "refused" }],
  contract_version: "1",
  checked_at: "2026-04-30T10:00:00Z",
  consecutive_fails: 3,
};
const plugin = {
  name: "echo",
  status: "ready",
  version: "1.0.0",
  config_options: [
    { name: "text", type: "string", default: "hello" },
    { name: "key", type: "int", required: true, description: "A key" },
  ],
};
const health = {
  status: "ok",
  version: "0.2.0",
  uptime: "1h2m3s",
  started_at: "2026-04-30T10:00:00Z",
  instances: 2,
  running: 1,
  running_healthy: 1,
  running_unhealthy: 0,
};
const waiting = {
  instance: "demo",
  label: "s1",
  count: 2,
  frozen: true,
  ready: 1,
  created_at: "2026-04-30T10:00:00Z",
};
const since = new Date(Date.now() - 7_260_000).toISOString();
const pool = {
  state: "ok",
  total_bytes: 1,
  free_bytes: 1,
  reserve_bytes: 0,
  set_aside: [
    { what: "demo@old", path: "/pool/a", since, reason: "a swap file in it is in use" },
    { what: "demo", path: "/pool/b", since },
    { what: "demo-2@held", path: "/pool/c", since },
  ],
};
const op = operation("op1", {
  steps: [
    {
      name: "reserve",
      status: "done",
      started_at: "2026-04-30T10:00:00.000Z",
      ended_at: "2026-04-30T10:00:00.012Z",
    },
  ],
});

const world = () =>
  scriptedDaemon({
    "GET /instances": json(200, [demo]),
    "GET /instances?all=true": json(200, [demo, instance("demo-verify-1a2b3c", { purpose: "verify" })]),
    "GET /instances/demo": json(200, demo),
    "GET /instances/demo/snapshots": json(200, [
      {
        label: "s1",
        created_at: "2026-04-30T10:00:00Z",
        mode: "live",
        protected: true,
        tags: { a: "b" },
        verified: { ok: false, checked_at: new Date(Date.now() - 7_260_000).toISOString(), problem: "No such layer." },
      },
    ]),
    "GET /instances/demo/ports": json(200, ports),
    "POST /instances/demo/ports/refresh": json(200, { ...ports, ports: [] }),
    "GET /instances/demo/workload": json(200, workload),
    "GET /instances/demo/workload/health": json(200, workloadHealth),
    "GET /instances/demo/workload/health?fresh=true": json(200, { ...workloadHealth, healthy: true, checks: [] }),
    "GET /plugins": json(200, [plugin, { name: "bad", status: "disabled", error: "writable by all" }]),
    "GET /plugins/echo": json(200, plugin),
    "POST /plugins/reload": json(200, [plugin]),
    "GET /operations": json(200, [op]),
    "GET /operations/op1": json(200, op),
    "DELETE /operations/op1": json(202),
    "GET /health": json(200, health),
    "GET /pool": json(200, pool),
    "GET /standby": json(200, [
      { ...waiting, problem: "The pool is nearly full." },
      { ...waiting, instance: "web", label: "of-another" },
    ]),
  });

it.each([
  [["list"], ["NAME", "demo", "running", "healthy", "echo", "instance.stop"]],
  [["ls"], ["demo"]],
  [
    ["list", "-o", "wide"],
    ["SUBNET", "10.10.0.0/16", "CLONE OF", "web@golden", "CREATED", "2026-04-30T10:00:00.000Z"],
  ],
  [
    ["list", "--all"],
    ["MADE FOR", "demo-verify-1a2b3c", "verify"],
  ],
  [["ps", "-o", "yaml"], ["- name: demo"]],
  [
    ["status", "demo"],
    [
      "Health",
      "healthy",
      "op9",
      "30001 -> 5678/tcp  web",
      "FAILED  http: refused",
      "s1",
      "NOT restorable, checked 2h ago",
      "s1  1 of 2 ready  The pool is nearly full.",
      '{"text":"hi"}',
      "Dataset          instances/demo\n",
      "demo@old  removed 2h ago  a swap file in it is in use\n",
      "demo  removed 2h ago\n",
    ],
  ],
  [["info", "demo"], ["demo"]],
  [
    ["snapshots", "demo"],
    ["LABEL", "s1", "live", "yes", "a=b", "VERIFIED", "FAILED 2h ago"],
  ],
  [
    ["ports", "demo"],
    ["30001", "5678/tcp", "web", "every port also answers at 10.10.0.2"],
  ],
  [
    ["workload", "describe", "demo"],
    [
      "echo",
      "config text",
      "hi",
      "detail image",
      '{"id":1}',
      "service web, ports 8080->80/tcp 443/tcp\n",
      "service db\n",
    ],
  ],
  [["wl", "health", "demo", "--fresh"], ["healthy"]],
  [
    ["plugin", "list"],
    ["echo", "ready", "1.0.0", "bad", "disabled", "writable by all"],
  ],
  [
    ["plugin", "describe", "echo"],
    ["CONFIG", "text", '"hello"', "required", "A key"],
  ],
  [["plugin", "reload"], ["echo"]],
  [["operations"], ["op1", "instance.create", "done"]],
  [["ops", "list"], ["op1"]],
  [
    ["operations", "show", "op1"],
    ["reserve", "12 ms", "2.0 s"],
  ],
  [["health"], ["1h2m3s", "1 (1 healthy, 0 unhealthy)"]],
  [["version"], ["0.1.0", "0.2.0 at http://127.0.0.1"]],
])("shows %j", async (argv, expected) => {
  await using daemon = await world();
  const { code, stdout, stderr } = await runCli(argv, { daemon });
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  for (const part of expected) expect(stdout).toContain(part);
  // A shell's next prompt begins on a line of its own.
  expect(stdout.endsWith("\n")).toBe(true);
});

it.each([
  [["list"], [demo]],
  [["status", "demo"], demo],
  [["ports", "demo"], ports],
  [["workload", "describe", "demo"], workload],
  [["plugin", "describe", "echo"], plugin],
  [["operations", "show", "op1"], op],
  [["health"], health],
])("shows the API's own JSON for %j", async (argv, expected) => {
  await using daemon = await world();
  expect(JSON.parse((await runCli([...argv, "-o", "json"], { daemon })).stdout)).toEqual(expected);
});

it.each([
  [["list"], "demo\n"],
  [["snapshots", "demo"], "demo@s1\n"],
  [["plugin", "list"], "echo\nbad\n"],
  [["operations"], "op1\n"],
  [["ports", "demo"], "30001\n"],
])("shows the names for %j", async (argv, expected) => {
  await using daemon = await world();
  expect((await runCli([...argv, "-o", "name"], { daemon })).stdout).toBe(expected);
});

it("exits with 1 for an unhealthy workload, after showing it", async () => {
  await using daemon = await world();
  const { code, stdout } = await runCli(["workload", "health", "demo"], { daemon });
  expect(code).toBe(1);
  expect(stdout).toContain("failed: refused");
});

it("rescans the ports when asked to", async () => {
  await using daemon = await world();
  await runCli(["ports", "demo", "--refresh"], { daemon });
  expect(daemon.received.map((one) => one.route)).toEqual(["POST /instances/demo/ports/refresh"]);
});

it("names no address for ports that are not there", async () => {
  await using daemon = await world();
  const { stdout, stderr } = await runCli(["ports", "demo", "--refresh"], { daemon });
  expect(stdout).toBe("HOST PORT  ASKED FOR  CONTAINER PORT  CONTAINER  LABEL\n");
  expect(stderr).toBe("No container of demo publishes a port.\n");
});

it("takes -o wide for text where there are no more columns, and says which formats there are", async () => {
  await using daemon = await world();
  expect((await runCli(["ports", "demo", "-o", "wide"], { daemon })).stdout).toContain("HOST PORT");
  expect((await runCli(["ports", "demo", "-o", "broad"], { daemon })).stderr).toContain("text, wide, json, yaml, name");
});

it("asks an operation to stop", async () => {
  await using daemon = await world();
  expect(await runCli(["operations", "cancel", "op1"], { daemon })).toMatchObject({
    code: 0,
    stdout: "Asked op1 to stop.\n",
  });
});

it("shows the rest of an instance when its plugin cannot answer", async () => {
  await using daemon = await world();
  daemon.script["GET /instances/demo/workload"] = json(502, { error: "crashed", code: "plugin_failed" });
  const { code, stdout } = await runCli(["status", "demo"], { daemon });
  expect(code).toBe(0);
  expect(stdout).toContain("30001 -> 5678/tcp");
});

it("does not ask a stopped instance for what only a running one has", async () => {
  await using daemon = await world();
  daemon.script["GET /instances/demo"] = json(200, { ...demo, status: "stopped" });
  await runCli(["status", "demo"], { daemon });
  expect(daemon.received.map(({ route }) => route).sort()).toEqual([
    "GET /health",
    "GET /instances/demo",
    "GET /pool",
    "GET /standby",
  ]);
});

it("shows no clones that wait for another instance, and goes without where a daemon does not know of any", async () => {
  await using daemon = await world();
  const { stdout: shown } = await runCli(["status", "demo"], { daemon });
  expect(shown).not.toContain("of-another");
  expect(shown).not.toContain("demo-2@held");
  daemon.script["GET /standby"] = json(404, { error: "No such route.", code: "not_found" });
  const { code, stdout } = await runCli(["status", "demo"], { daemon });
  expect(code).toBe(0);
  expect(stdout).not.toContain("Clones that wait");
});

it("tells its own version also when no daemon answers", async () => {
  expect(await runCli(["version"])).toEqual(
    expect.objectContaining({
      code: 0,
      stdout: "Client  0.1.0\n",
      stderr: "warning: No daemon answers at http://127.0.0.1:1: nothing listens there.\n",
    }),
  );
});

it("says how to begin when there is nothing yet", async () => {
  await using daemon = await scriptedDaemon({ "GET /instances": json(200, []) });
  expect((await runCli(["list"], { daemon })).stderr).toContain("dockersnap create <name>");
});
