import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { complete, instance, json, ndjson, operation, scriptedDaemon } from "../../../client/test/scripted-daemon.ts";
import { runCli } from "../run-cli.ts";

/** A daemon that does one thing at once. */
const doing = (route: string, result: unknown) =>
  scriptedDaemon({
    [route]: ndjson([complete], { operation: "op1" }),
    "GET /operations/op1": json(200, operation("op1", { result })),
  });

let folder: string | undefined;
afterEach(async () => {
  if (folder !== undefined) await rm(folder, { recursive: true });
  folder = undefined;
});

it("creates with a workload, its configuration from flags over a file", async () => {
  folder = await mkdtemp(join(tmpdir(), "dockersnap-cli-"));
  const file = join(folder, "echo.yaml");
  await writeFile(file, "text: from file\nport: 1\nnested:\n  a: [1, 2]\n");
  await using daemon = await doing("POST /instances", instance("demo"));
  const argv = ["new", "demo", "-p", "echo", "--config-file", file, "--config", "port=5678", "--config", "on=true"];
  const limits = ["--memory", "512m", "--cpus", "1.5", "--pids=100", "--label", "team=web", "--label", "n=1"];
  const { code, stdout } = await runCli([...argv, ...limits, "-o", "name"], { daemon });
  expect({ code, stdout }).toEqual({ code: 0, stdout: "demo\n" });
  expect(daemon.received.find(({ route }) => route === "POST /instances")?.body).toEqual({
    name: "demo",
    workload_inline: { plugin: "echo", config: { text: "from file", port: 5678, nested: { a: [1, 2] }, on: true } },
    limits: { memory: 536_870_912, cpus: 1.5, pids: 100 },
    labels: { team: "web", n: "1" },
  });
});

it("sends what reads as a number as text where the plugin takes text", async () => {
  await using daemon = await doing("POST /instances", instance("demo"));
  const options = [
    { name: "text", type: "string" },
    { name: "port", type: "int" },
  ];
  daemon.script["GET /plugins/echo"] = json(200, { name: "echo", status: "ready", config_options: options });
  await runCli(["create", "demo", "-p", "echo", "--config", "text=123", "--config", "port=80"], { daemon });
  const { body } = daemon.received.find(({ route }) => route === "POST /instances") ?? {};
  expect(body).toMatchObject({ workload_inline: { config: { text: "123", port: 80 } } });
});

it("sends nothing but the name when nothing else is asked", async () => {
  await using daemon = await doing("POST /instances", instance("demo"));
  await runCli(["create", "demo"], { daemon });
  expect(daemon.received[0]?.body).toEqual({ name: "demo" });
});

it.each([
  [["create", "demo", "--config", "a=1"], "--config needs --plugin: say which plugin it is for."],
  [["create", "demo", "-p", "echo", "--config", "a"], "'--config a' has no key: expected --config key=value."],
  [["create", "demo", "-p", "echo", "--config-file", "/nonexistent.yaml"], "cannot be read: there is no such file."],
  [["create", "demo", "--memory", "lots"], "'--memory lots' is not a size"],
  [["create", "demo", "--memory", "99999999t"], "'--memory 99999999t' is not a size"],
  [["pool", "grow", "99999999T"], "'99999999T' is not a size"],
  [["snapshot", "demo@s", "--tag", "=x"], "'--tag =x' has no key"],
  [["snapshot", "demo@s", "--mode", "cold"], "'cold' is invalid"],
])("refuses %j before anything is sent", async (argv, expected) => {
  const { code, stderr } = await runCli(argv);
  expect(code).toBe(2);
  expect(stderr).toContain(expected);
});

it.each([
  [["start", "demo"], "POST /instances/demo/start", undefined, "Started demo.\n"],
  [["stop", "demo"], "POST /instances/demo/stop", undefined, "Stopped demo.\n"],
  [["restart", "demo"], "POST /instances/demo/restart", undefined, "Restarted demo.\n"],
  [["delete", "demo"], "DELETE /instances/demo", undefined, "Deleted demo.\n"],
  [["rm", "demo@s1"], "DELETE /instances/demo/snapshots/s1", undefined, "Deleted demo@s1.\n"],
  [
    ["snap", "demo@s1", "--tag", "a=b", "--tag", "n=1", "--mode", "paused"],
    "POST /instances/demo/snapshot",
    { label: "s1", tags: { a: "b", n: "1" }, mode: "paused" },
    "Took demo@s1.\n",
  ],
  [["snapshot", "demo", "s1"], "POST /instances/demo/snapshot", { label: "s1" }, "Took demo@s1.\n"],
  [
    ["clone", "demo@s1", "web"],
    "POST /instances/demo/clone",
    { label: "s1", new_name: "web" },
    "Cloned demo@s1 to web.\n",
  ],
  [
    ["clone", "demo", "s1", "web"],
    "POST /instances/demo/clone",
    { label: "s1", new_name: "web" },
    "Cloned demo@s1 to web.\n",
  ],
])("does %j through %s", async (argv, route, body, said) => {
  const { name } = instance("web");
  await using daemon = await doing(route, { status: "ok", name, label: "s1" });
  const { code, stdout } = await runCli(argv, { daemon });
  expect({ code, stdout }).toEqual({ code: 0, stdout: said });
  expect(daemon.received[0]).toMatchObject({ route, body });
});

it("tells what a snapshot does not hold, and how long containers stood still", async () => {
  await using daemon = await doing("POST /instances/demo/snapshot", {
    status: "ok",
    label: "s1",
    freeze_ms: 31,
    not_captured: ["bind mount /srv of web"],
  });
  const { stdout, stderr } = await runCli(["snapshot", "demo@s1"], { daemon });
  expect(stdout).toBe("Took demo@s1, containers frozen for 31 ms.\n");
  expect(stderr).toContain("warning: Not in the snapshot: bind mount /srv of web\n");
});

it("says how a revert is taken back", async () => {
  await using daemon = await doing("POST /instances/demo/revert", { status: "ok" });
  const { code, stdout, stderr } = await runCli(["revert", "demo@s1", "--force"], { daemon });
  expect({ code, stdout }).toEqual({ code: 0, stdout: "Reverted to demo@s1.\n" });
  expect(stderr).toContain("Undo the revert with: dockersnap undo demo\n");
  expect(daemon.received[0]?.body).toEqual({ label: "s1", force: true });
});

it("asks before it deletes, on a terminal only", async () => {
  await using daemon = await doing("DELETE /instances/demo", undefined);
  daemon.script["GET /instances/demo"] = json(200, instance("demo", { snapshots: [{}, {}] }));
  const refused = await runCli(["delete", "demo"], { daemon, interactive: true, confirm: false });
  expect(refused).toMatchObject({ code: 1, stdout: "", stderr: "Nothing was deleted.\n" });
  expect(refused.questions).toEqual(["Delete instance demo with its 2 snapshots? It cannot be brought back."]);
  expect(daemon.received.map((one) => one.route)).toEqual(["GET /instances/demo"]);

  expect(await runCli(["delete", "demo"], { daemon, interactive: true, confirm: true })).toMatchObject({ code: 0 });
  const unasked = await runCli(["delete", "demo", "--yes"], { daemon, interactive: true });
  expect(unasked).toMatchObject({ code: 0, questions: [] });
  const snapshot = await runCli(["delete", "demo@s1"], { daemon, interactive: true });
  expect(snapshot.questions).toEqual(["Delete snapshot demo@s1? It cannot be brought back."]);
});

it("deletes nothing where one of several instances does not exist, and says how a snapshot is deleted", async () => {
  await using daemon = await doing("DELETE /instances/demo", undefined);
  daemon.script["GET /instances?all=true"] = json(200, [instance("demo")]);
  const { code, stderr } = await runCli(["delete", "demo", "s1"], { daemon });
  expect(code).toBe(3);
  expect(stderr).toBe(
    "error: There is no instance 's1', so nothing was deleted. To delete a snapshot, write 'dockersnap delete demo@s1'.\n",
  );
  expect(daemon.received.map((one) => one.route)).toEqual(["GET /instances?all=true"]);
});

it("asks once before it deletes several", async () => {
  await using daemon = await doing("DELETE /instances/demo", undefined);
  daemon.script["GET /instances?all=true"] = json(200, [instance("demo"), instance("web")]);
  const refused = await runCli(["delete", "demo", "web@s1"], { daemon, interactive: true, confirm: false });
  expect(refused).toMatchObject({ code: 1, stdout: "", stderr: "Nothing was deleted.\n" });
  expect(refused.questions).toEqual([
    "Delete demo, web@s1, instances with all their snapshots? They cannot be brought back.",
  ]);
});

describe("a verb with several names", () => {
  it.each([
    ["start", "POST /instances/", "/start", "Started"],
    ["stop", "POST /instances/", "/stop", "Stopped"],
    ["restart", "POST /instances/", "/restart", "Restarted"],
    ["delete", "DELETE /instances/", "", "Deleted"],
  ])("%s is done for each, named twice for one too", async (verb, before, after, past) => {
    await using daemon = await scriptedDaemon({
      "GET /instances?all=true": json(200, [instance("demo"), instance("web")]),
      [`${before}demo${after}`]: ndjson([complete], { operation: "op1" }),
      [`${before}web${after}`]: ndjson([complete], { operation: "op1" }),
      "GET /operations/op1": json(200, operation("op1", { result: verb === "delete" ? undefined : { status: "ok" } })),
    });
    const { code, stdout } = await runCli([verb, "demo", "web", "demo"], { daemon });
    expect({ code, stdout }).toEqual({ code: 0, stdout: `${past} 2 of 2: demo, web.\n` });
    expect(daemon.received.filter(({ route }) => route === `${before}demo${after}`)).toHaveLength(1);
  });

  it("tells which failed, and exits with 1", async () => {
    await using daemon = await doing("POST /instances/demo/stop", { status: "ok" });
    daemon.script["POST /instances/nosuch/stop"] = json(404, { error: "No instance 'nosuch'.", code: "not_found" });
    const { code, stdout, stderr } = await runCli(["stop", "demo", "nosuch", "-o", "json"], { daemon });
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toEqual({
      done: ["demo"],
      failed: [{ name: "nosuch", error: "No instance 'nosuch'.", code: "not_found" }],
    });
    expect(stderr).toBe("warning: nosuch: No instance 'nosuch'.\n");
  });
});

it("puts back only the parts that are asked for, and takes no other words for one", async () => {
  await using daemon = await doing("POST /instances/demo/revert", { status: "ok" });
  const argv = ["revert", "demo@clean", "--only", "volume:data", "--only", "container:web"];
  const { code, stdout } = await runCli(argv, { daemon });
  expect({ code, stdout }).toEqual({ code: 0, stdout: "Reverted volume:data, container:web to demo@clean.\n" });
  expect(daemon.received[0]?.body).toEqual({ label: "clean", only: ["volume:data", "container:web"] });
  expect(await runCli(["revert", "demo@clean", "--only", "data"], { daemon })).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("'data' is no part of an instance: expected volume:<name> or container:<name>."),
  });
});
