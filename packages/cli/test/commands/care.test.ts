import { expect, it } from "vitest";
import { complete, json, ndjson, operation, scriptedDaemon } from "../../../client/test/scripted-daemon.ts";
import { parseExpiry } from "../../src/config/expiry.ts";
import { runCli } from "../run-cli.ts";

const route = "PATCH /instances/web/snapshots/s1";
const s1 = { label: "s1", created_at: "2026-04-30T10:00:00Z", mode: "live", protected: false };

/** Runs a command against a daemon that answers its one change with `result`. */
async function change(argv: readonly string[], result: object) {
  await using daemon = await scriptedDaemon({
    [route]: ndjson([complete], { operation: "op1" }),
    "GET /operations/op1": json(200, operation("op1", { result })),
  });
  const outcome = await runCli([...argv, "-q"], { daemon });
  return { ...outcome, body: daemon.received.find((one) => one.route === route)?.body };
}

it.each([
  [["rename", "web@s1", "golden"], { new_label: "golden" }, { ...s1, label: "golden" }, "web@golden"],
  [["rename", "web", "s1", "golden"], { new_label: "golden" }, { ...s1, label: "golden" }, "web@golden"],
  [["protect", "web@s1"], { protected: true }, { ...s1, protected: true }, "web@s1"],
  [["unprotect", "web", "s1"], { protected: false }, s1, "web@s1"],
  [
    ["tag", "web@s1", "a=1", "b=x=y", "flag", "old-"],
    { tags: { a: "1", b: "x=y", flag: "", old: null } },
    s1,
    "web@s1",
  ],
  [["expire", "web@s1", "2026-12-24T18:00:00Z"], { expires_at: "2026-12-24T18:00:00.000Z" }, s1, "web@s1"],
  [["expire", "web", "s1", "never"], { expires_at: null }, s1, "web@s1"],
])("%j changes just that", async (argv, body, result, name) => {
  expect(await change(argv, result)).toMatchObject({ code: 0, body });
  expect(await change([...argv, "-o", "name"], result)).toMatchObject({ stdout: `${name}\n` });
});

it.each([
  [["tag", "web@s1"], "Say what to tag it with"],
  [["tag", "web@s1", "="], "'=' is no tag"],
  [["tag", "web@s1", "-"], "'-' is no tag"],
  [["expire", "web@s1", "soon"], "error: 'soon' is no time"],
  [["snapshot", "web@s1", "--expires", "1y"], "'--expires 1y' is no time"],
  [["rename", "web@s1"], "The <new-label> is missing"],
])("refuses %j before anything is asked of the daemon", async (argv, message) => {
  await using daemon = await scriptedDaemon({});
  expect(await runCli(argv, { daemon })).toMatchObject({ code: 2, stderr: expect.stringContaining(message) });
  expect(daemon.received).toEqual([]);
});

it("takes a snapshot that is protected and expires", async () => {
  const taking = "POST /instances/web/snapshot";
  await using daemon = await scriptedDaemon({
    [taking]: ndjson([complete], { operation: "op1" }),
    "GET /operations/op1": json(200, operation("op1", { result: { ...s1, status: "ok" } })),
  });
  await runCli(["snapshot", "web@s1", "--protect", "--expires", "2026-12-24"], { daemon });
  expect(daemon.received[0]?.body).toEqual({ label: "s1", protected: true, expires_at: "2026-12-24T00:00:00.000Z" });
});

const nightly = { id: "nightly", cron: "0 3 * * *", label: "night-{time}", mode: "live", created_at: s1.created_at };

it("adds a schedule with all its rules", async () => {
  const adding = "POST /instances/web/schedules";
  await using daemon = await scriptedDaemon({
    [adding]: ndjson([complete], { operation: "op1" }),
    "GET /operations/op1": json(200, operation("op1", { result: { ...nightly, next_run_at: "2026-05-01T03:00:00Z" } })),
  });
  const rules = ["--keep", "hourly=24", "--keep", "daily=7", "--label", "night-{time}", "--tag", "a=b"];
  const argv = ["schedule", "add", "web", "--name", "nightly", "--cron", "0 3 * * *", "--mode", "paused", ...rules];
  expect(await runCli([...argv, "-q"], { daemon })).toMatchObject({ code: 0 });
  expect(daemon.received[0]?.body).toEqual({
    id: "nightly",
    cron: "0 3 * * *",
    label: "night-{time}",
    mode: "paused",
    tags: { a: "b" },
    keep: { hourly: 24, daily: 7 },
  });
  const { stdout } = await runCli(["schedule", "add", "web", "--cron", "@daily"], { daemon });
  expect(stdout).toBe("Schedule nightly takes snapshots of web, first at 2026-05-01T03:00:00Z.\n");
  expect(daemon.received.at(-2)?.body).toEqual({ cron: "@daily" });
});

it("adds a schedule that tries out what another took", async () => {
  const adding = "POST /instances/web/schedules";
  const proof = { ...nightly, id: "verify-daily", action: "verify", label: "" };
  await using daemon = await scriptedDaemon({
    [adding]: ndjson([complete], { operation: "op1" }),
    "GET /operations/op1": json(200, operation("op1", { result: proof })),
  });
  const argv = ["schedule", "add", "web", "--cron", "@daily", "--verify", "--of", "nightly", "--timeout", "300"];
  const { stdout } = await runCli(argv, { daemon });
  expect(stdout).toBe("Schedule verify-daily tries out snapshots of web.\n");
  expect(daemon.received[0]?.body).toEqual({ cron: "@daily", action: "verify", of: "nightly", timeout_ms: 300_000 });
});

it.each([
  [["schedule", "add", "web", "--cron", "@daily", "--verify", "--keep", "last=1"], "--keep goes without --verify"],
  [["schedule", "add", "web", "--cron", "@daily", "--of", "nightly"], "--of needs --verify"],
  [["schedule", "add", "web"], "Say when: --cron"],
  [["schedule", "add", "web", "--cron", "@daily", "--keep", "yearly=1"], "'--keep yearly=1' is no rule"],
  [["schedule", "add", "web", "--cron", "@daily", "--keep", "daily=all"], "names no number of snapshots"],
  [["schedule", "remove", "web"], "The <schedule> is missing"],
])("refuses %j", async (argv, message) => {
  await using daemon = await scriptedDaemon({});
  expect(await runCli(argv, { daemon })).toMatchObject({ code: 2, stderr: expect.stringContaining(message) });
});

it("lists the schedules with what they keep and what went wrong, and removes one", async () => {
  const all = [
    { ...nightly, keep: { daily: 7, weekly: 4 }, last_error: "The pool is full." },
    { ...nightly, id: "b" },
    {
      ...nightly,
      id: "proof",
      action: "verify",
      label: "",
      of: "nightly",
      last_error: "Snapshot 's1' cannot be restored.",
    },
  ];
  await using daemon = await scriptedDaemon({
    "GET /instances/web/schedules": json(200, all),
    "DELETE /instances/web/schedules/b": ndjson([complete], { operation: "op1" }),
    "GET /operations/op1": json(200, operation("op1")),
  });
  const { stdout } = await runCli(["schedule", "list", "web"], { daemon });
  for (const part of [
    "nightly",
    "0 3 * * *",
    "daily=7 weekly=4",
    "all",
    "The pool is full.",
    "verify of nightly",
    "'s1' cannot",
  ])
    expect(stdout).toContain(part);
  expect((await runCli(["schedule", "ls", "web", "-o", "name"], { daemon })).stdout).toBe("nightly\nb\nproof\n");
  expect((await runCli(["schedule", "rm", "web", "b", "-o", "name"], { daemon })).stdout).toBe("b\n");
});

it("shows what a sweep removed, and why", async () => {
  const removed = [{ label: "s1", reason: "schedule 'nightly' keeps 7 daily" }];
  await using daemon = await scriptedDaemon({
    "GET /operations/op1": json(200, operation("op1", { kind: "sweep", result: { removed } })),
  });
  const { stdout } = await runCli(["operations", "show", "op1"], { daemon });
  expect(stdout).toContain("Removed\ns1  schedule 'nightly' keeps 7 daily\n");
});

it.each([
  ["90s", "2026-01-01T00:01:30.000Z"],
  ["1d12h", "2026-01-02T12:00:00.000Z"],
  ["2w", "2026-01-15T00:00:00.000Z"],
  ["2026-02-01T00:00:00+02:00", "2026-01-31T22:00:00.000Z"],
  ["never", null],
])("reads %s as an expiry", (text, time) => {
  expect(parseExpiry(text, text, Date.UTC(2026, 0, 1))).toBe(time);
});

it.each(["2026-02-30x", "2026-13-01", "2026-02-01T00:00:00", "7", "d", "999999999w999999999w"])(
  "reads no expiry in %s",
  (text) => {
    expect(() => parseExpiry(text, text)).toThrow("is no time");
  },
);
