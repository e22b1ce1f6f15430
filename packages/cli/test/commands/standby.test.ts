import { expect, it } from "vitest";
import { complete, json, ndjson, operation, scriptedDaemon } from "../../../client/test/scripted-daemon.ts";
import { runCli } from "../run-cli.ts";

const putting = "PUT /instances/web/snapshots/golden/standby";
const removing = "DELETE /instances/web/snapshots/golden/standby";
const golden = {
  instance: "web",
  label: "golden",
  count: 2,
  frozen: true,
  ready: 1,
  created_at: new Date().toISOString(),
};

async function standby(argv: readonly string[]) {
  await using daemon = await scriptedDaemon({
    [putting]: ndjson([complete], { operation: "op1" }),
    [removing]: ndjson([complete], { operation: "op1" }),
    "GET /operations/op1": json(200, operation("op1", { result: golden })),
    "GET /standby": json(200, [
      golden,
      { ...golden, label: "other", frozen: false, problem: "The pool is nearly full." },
    ]),
  });
  const outcome = await runCli(["standby", ...argv, "-q"], { daemon });
  return { ...outcome, asked: daemon.received[0] };
}

it.each([
  [["web@golden", "--count", "2"], { count: 2 }],
  [["set", "web", "golden", "--count", "2"], { count: 2 }],
  [["web@golden", "--running", "--count", "1"], { count: 1, frozen: false }],
])("%j asks for just that", async (argv, body) => {
  expect(await standby(argv)).toMatchObject({ code: 0, asked: { route: putting, body } });
  expect(await standby([...argv, "-o", "name"])).toMatchObject({ stdout: "web@golden\n" });
});

it.each([[["web@golden", "--count", "0"]], [["web@golden", "--remove"]]])("%j ends it", async (argv) => {
  const ended = await standby([...argv, "-o", "name"]);
  expect(ended).toMatchObject({ code: 0, asked: { route: removing }, stdout: "web@golden\n" });
});

it.each([[["list"]], [["ls"]], [[]]])("%j lists what waits and what holds it back", async (argv) => {
  const { stdout } = await standby(argv);
  expect(stdout).toMatch(/^web@golden +1 of 2 +frozen +\S+ *$/m);
  expect(stdout).toMatch(/^web@other +1 of 2 +running +\S+ +The pool is nearly full\.$/m);
});

it.each([
  [["web@golden"], "Say how many standby clones to keep"],
  [["web@golden", "--count", "some"], "'some' is no count"],
  [["web@golden", "--count", "101"], "'101' is no count"],
  [["web@golden", "--count", "1", "--remove"], "Say either --count or --remove"],
  [["web", "--count", "1"], "'web'"],
])("refuses %j before anything is asked of the daemon", async (argv, message) => {
  expect(await standby(argv)).toMatchObject({
    code: 2,
    stderr: expect.stringContaining(message),
    asked: undefined,
  });
});
