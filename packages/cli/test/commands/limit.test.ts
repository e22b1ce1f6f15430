import { expect, it } from "vitest";
import { complete, instance, json, ndjson, operation, scriptedDaemon } from "../../../client/test/scripted-daemon.ts";
import { runCli } from "../run-cli.ts";

const MiB = 1024 * 1024;
const web = {
  ...instance("web"),
  limits: { memory: 2048 * MiB, cpus: 1.5, disk: 128 * MiB },
  used: { memory_bytes: 120 * MiB, cpu_seconds: 3.21, pids: 40 },
};

async function limit(...argv: readonly string[]) {
  await using daemon = await scriptedDaemon({
    "PATCH /instances/web": ndjson([complete], { operation: "op1" }),
    "GET /operations/op1": json(200, operation("op1", { result: web })),
    "GET /instances/web": json(200, web),
  });
  const outcome = await runCli(["limit", "web", ...argv], { daemon });
  return { ...outcome, change: daemon.received.find(({ route }) => route.startsWith("PATCH"))?.body };
}

it("changes the limits that are named and no others, and 'none' takes one away", async () => {
  expect(await limit("--memory", "2g", "--cpus", "1.5", "--disk", "128m")).toMatchObject({
    code: 0,
    change: { limits: { memory: 2048 * MiB, cpus: 1.5, disk: 128 * MiB } },
  });
  expect(await limit("--pids", "none")).toMatchObject({ code: 0, change: { limits: { pids: null } } });
});

it("shows each limit and what is used of it, and changes nothing, where none is named", async () => {
  const { code, stdout, change } = await limit();
  expect({ code, change }).toEqual({ code: 0, change: undefined });
  expect(stdout).toMatch(/^Memory +120 MiB used of 2(\.0)? GiB$/m);
  expect(stdout).toMatch(/^CPUs +at most 1\.5, 3\.2 s of processor time used$/m);
  expect(stdout).toMatch(/^Processes +40 used$/m);
  expect(stdout).toMatch(/^Disk +at most 128 MiB$/m);
});

it("shows each limit on a line of its own after a change too, and nothing with -q", async () => {
  const { stdout } = await limit("--memory", "2g");
  expect(stdout).toBe((await limit()).stdout);
  expect((await limit("--memory", "2g", "-q")).stdout).toBe("");
});

it("tells programs the instance as it is then", async () => {
  expect(JSON.parse((await limit("--cpus", "1.5", "-o", "json")).stdout)).toMatchObject({ limits: web.limits });
  expect((await limit("--cpus", "1.5", "-o", "name")).stdout).toBe("web\n");
});

it.each([
  ["--memory", "much"],
  ["--disk", "-1g"],
  ["--cpus", "two"],
  ["--pids", "1e3"],
])("refuses %s %s before anything is asked of the daemon", async (flag, word) => {
  const { code, stderr, change } = await limit(`${flag}=${word}`);
  expect({ code, change }).toEqual({ code: 2, change: undefined });
  expect(stderr).toContain(`'${flag} ${word}' is not a`);
});
