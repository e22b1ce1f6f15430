import { expect, it } from "vitest";
import { complete, json, ndjson, operation, scriptedDaemon } from "../../../client/test/scripted-daemon.ts";
import { runCli } from "../run-cli.ts";

const route = "POST /instances/web/snapshots/s1/verify";
const checked_at = "2026-04-30T10:00:00Z";
const good = { ok: true, checked_at, ready_ms: 2_310, checks: [{ name: "http", ok: true }] };
const bad = {
  ok: false,
  checked_at,
  problem: "It did not become well within 120 s: http: refused",
  checks: [
    { name: "http", ok: false, message: "refused" },
    { name: "disk", ok: true },
  ],
};

async function verify(result: object, ...argv: readonly string[]) {
  await using daemon = await scriptedDaemon({
    [route]: ndjson([complete], { operation: "op1" }),
    "GET /operations/op1": json(200, operation("op1", { result })),
  });
  const outcome = await runCli(["verify", ...argv], { daemon });
  return { ...outcome, body: daemon.received.find((one) => one.route === route)?.body };
}

it.each([[["web@s1"]], [["web", "s1"]]])("says of %j how soon it was ready", async (argv) => {
  expect(await verify(good, ...argv, "-q")).toMatchObject({
    code: 0,
    stdout: "web@s1 is restorable: ready in 2.3 s.\n",
    body: {},
  });
});

it("says what failed of one that cannot be restored, and ends with code 1", async () => {
  expect(await verify(bad, "web@s1", "-q")).toMatchObject({
    code: 1,
    stdout: "web@s1 is NOT restorable. It did not become well within 120 s: http: refused\n",
  });
  const both = bad.checks.map((check) => ({ ...check, ok: false }));
  expect((await verify({ ...bad, checks: both }, "web@s1", "-q")).stdout).toContain(
    "\nFAILED  http: refused\nFAILED  disk\n",
  );
});

it("gives a program what the API gave, and the exit code too", async () => {
  const { code, stdout } = await verify(bad, "web@s1", "-o", "json", "-q");
  expect([code, JSON.parse(stdout)]).toEqual([1, bad]);
  expect(await verify(good, "web@s1", "-o", "name", "-q")).toMatchObject({ code: 0, stdout: "web@s1\n" });
});

it("waits as long as it is told to", async () => {
  expect((await verify(good, "web@s1", "--timeout", "300")).body).toEqual({ timeout_ms: 300_000 });
});

it.each(["0", "3601", "5m", "-1", ""])("takes %j for no time to wait", async (seconds) => {
  expect(await verify(good, "web@s1", `--timeout=${seconds}`)).toMatchObject({ code: 2, body: undefined });
});
