import { expect, it } from "vitest";
import { json, scriptedDaemon } from "../../client/test/scripted-daemon.ts";
import * as exported from "../src/index.ts";
import { runCli } from "./run-cli.ts";

it("exports these names", () => {
  expect(Object.keys(exported)).toEqual(["main"]);
});

it.each([[[]], [["--help"]], [["help"]], [["-h"]]])("shows the help for %j", async (argv) => {
  const { code, stdout } = await runCli(argv);
  expect(code).toBe(0);
  expect(stdout).toContain("Usage: dockersnap <verb> [options]");
  for (const word of [
    "Lifecycle:",
    "create, new",
    "delete, rm, destroy",
    "workload, wl",
    "list, ls, ps",
    "-r, --remote",
  ]) {
    expect(stdout).toContain(word);
  }
});

it.each([
  [["revert", "--help"], "Usage: dockersnap revert <name>@<label> [options]"],
  [["help", "revert"], "Usage: dockersnap revert <name>@<label> [options]"],
  [["rollback", "-h"], "Usage: dockersnap rollback <name>@<label> [options]"],
  [["plugin"], "describe, show"],
  [["plugin", "--help"], "describe, show"],
  [["help", "ops"], "Usage: dockersnap ops <verb> [options]"],
  [["plugin", "install", "--help"], "Usage: dockersnap plugin install <path> [options]"],
])("shows the help of one verb for %j", async (argv, expected) => {
  const { code, stdout, stderr } = await runCli(argv);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(stdout).toContain(expected);
});

it("tells its own version without asking anyone", async () => {
  expect(await runCli(["--version"])).toMatchObject({ code: 0, stdout: "0.1.0\n" });
  expect(await runCli(["-v"])).toMatchObject({ code: 0, stdout: "0.1.0\n" });
  expect(await runCli(["-V"])).toMatchObject({ code: 0, stdout: "0.1.0\n" });
});

it.each([
  [["lst"], "error: 'lst' is not a verb of dockersnap. Did you mean 'list'? See 'dockersnap --help'.\n"],
  [["frobnicate"], "error: 'frobnicate' is not a verb of dockersnap. See 'dockersnap --help'.\n"],
  [
    ["plugin", "lsit"],
    "error: 'lsit' is not a verb of dockersnap plugin. Did you mean 'list'? See 'dockersnap plugin --help'.\n",
  ],
  [["--frob"], "error: Unknown option '--frob'. See 'dockersnap --help'.\n"],
  [
    ["revert", "a@b", "--frce"],
    "error: Unknown option '--frce'. Did you mean --force? See 'dockersnap revert --help'.\n",
  ],
  [["start"], "error: The <name> is missing. Usage: dockersnap start <name>… [options].\n"],
  [["history", "a", "b"], "error: 'b' is one word too many. Usage: dockersnap history <name> [options].\n"],
  [
    ["revert", "web"],
    "error: 'web' names an instance only. Name one of its snapshots too: web@<label>. Usage: dockersnap revert <name>@<label> [options].\n",
  ],
  [
    ["revert", "web@"],
    "error: 'web@' is not a snapshot's name: expected <name>@<label>. Usage: dockersnap revert <name>@<label> [options].\n",
  ],
  [
    ["run", "web@golden", "ls", "-a"],
    "error: Unknown option '-a'. Write '--' before words that are not for dockersnap. See 'dockersnap run --help'.\n",
  ],
  [
    ["list", "-r", "ftp://x"],
    "error: 'ftp://x' is not a daemon's address: expected one such as http://127.0.0.1:9847.\n",
  ],
])("refuses %j with exit code 2, in one line", async (argv, stderr) => {
  expect(await runCli(argv)).toMatchObject({ code: 2, stdout: "", stderr });
});

it("refuses an unknown format", async () => {
  const { code, stderr } = await runCli(["list", "-o", "xml"]);
  expect(code).toBe(2);
  expect(stderr).toContain("'xml' is invalid");
});

it.each([
  ["before", ["-t", "s3cret", "-o", "name", "list"]],
  ["after", ["list", "-t", "s3cret", "-o", "name"]],
  ["around", ["-oname", "ls", "--token=s3cret"]],
  ["joined before", ["-qo", "name", "-t=s3cret", "ls"]],
  ["joined after", ["ls", "-qt", "s3cret", "-o=name"]],
])("understands global options %s the verb", async (_where, argv) => {
  await using daemon = await scriptedDaemon({ "GET /instances": json(200, [{ name: "demo", snapshots: [] }]) });
  expect(await runCli(argv, { daemon })).toMatchObject({ code: 0, stdout: "demo\n", stderr: "" });
  expect(daemon.received[0]?.headers.authorization).toBe("Bearer s3cret");
});

it("prefers --remote and --token to the environment", async () => {
  await using daemon = await scriptedDaemon({ "GET /instances": json(200, []) });
  const env = { DOCKERSNAP_REMOTE: "http://127.0.0.1:1", DOCKERSNAP_TOKEN: "from-env" };
  expect((await runCli(["list", "-q", "--remote", daemon.url], { env })).code).toBe(0);
  expect((await runCli(["list", "-q", "-r", daemon.url, "-t", "x"], { env })).code).toBe(0);
  expect(daemon.received.map((one) => one.headers.authorization)).toEqual(["Bearer from-env", "Bearer x"]);
});

it.each([
  ["invalid_request", 400, 2],
  ["unauthorized", 401, 1],
  ["forbidden", 403, 1],
  ["not_found", 404, 3],
  ["already_exists", 409, 4],
  ["busy", 409, 4],
  ["protected", 409, 4],
  ["wrong_state", 409, 4],
  ["plugin_refused", 422, 1],
  ["internal", 500, 1],
  ["plugin_failed", 502, 1],
  ["not_ready", 503, 1],
  ["no_space", 507, 1],
  ["read_only", 503, 1],
])("answers %s with its exit code", async (code, status, exit) => {
  await using daemon = await scriptedDaemon({ "GET /instances": json(status, { error: "Because.", code }) });
  const outcome = await runCli(["list"], { daemon });
  expect(outcome.code).toBe(exit);
  expect(outcome.stderr).toMatch(/^error: Because\./);
});

it("says where a missing token goes", async () => {
  await using daemon = await scriptedDaemon({
    "GET /instances": json(401, { error: "A token is needed.", code: "unauthorized" }),
  });
  expect((await runCli(["list"], { daemon })).stderr).toBe(
    "error: A token is needed. Give it with --token or DOCKERSNAP_TOKEN.\n",
  );
});

it("answers 5 when no daemon answers", async () => {
  const daemon = await scriptedDaemon({});
  await daemon[Symbol.asyncDispose]();
  expect(await runCli(["list"], { daemon })).toMatchObject({
    code: 5,
    stderr: `error: No daemon answers at ${daemon.url}: nothing listens there. Start it with 'dockersnap serve', or name another with --remote.\n`,
  });
});

it("writes an error as one JSON object with -o json", async () => {
  await using daemon = await scriptedDaemon({
    "GET /instances/dmeo": json(404, { error: "No instance 'dmeo'.", code: "not_found", details: { nearest: "demo" } }),
  });
  const { code, stderr } = await runCli(["status", "dmeo", "-o", "json"], { daemon });
  expect(code).toBe(3);
  expect(JSON.parse(stderr)).toEqual({ error: "No instance 'dmeo'.", code: "not_found", details: { nearest: "demo" } });
  for (const words of [
    ["--output=json"],
    ["--output", "json"],
    ["-ojson"],
    ["-o=json"],
    ["-qo", "json"],
    ["-qojson"],
  ]) {
    expect(JSON.parse((await runCli(["lst", ...words])).stderr)).toMatchObject({ code: "invalid_request" });
  }
});

it("lets no control character of others reach the terminal", async () => {
  await using daemon = await scriptedDaemon({
    "GET /instances": json(500, { error: "bad \u001b]0;owned\u0007\nline two \u009b31m", code: "internal" }),
  });
  expect((await runCli(["list"], { daemon })).stderr).toBe("error: bad \ufffd]0;owned\ufffd line two \ufffd31m\n");
});

it("hands serve and doctor to the daemon's program, untouched", async () => {
  const program = "/opt/dockersnap/dist/daemon/main.mjs";
  expect((await runCli(["serve", "--config", "x.yaml", "--help"])).became).toEqual([
    process.execPath,
    program,
    "serve",
    "--config",
    "x.yaml",
    "--help",
  ]);
  expect((await runCli(["doctor", "--fix"])).became).toEqual([process.execPath, program, "doctor", "--fix"]);
});
