import { expect, it } from "vitest";
import { instance, json, scriptedDaemon } from "../../../client/test/scripted-daemon.ts";
import { size } from "../../src/output/bytes.ts";
import { runCli } from "../run-cli.ts";

const GiB = 1024 ** 3;
const health = {
  status: "ok",
  version: "0.2.0",
  uptime: "1s",
  started_at: "2026-04-30T10:00:00Z",
  instances: 0,
  running: 0,
  running_healthy: 0,
  running_unhealthy: 0,
};
const pool = (state: string) => ({ total_bytes: 20 * GiB, free_bytes: 2 * GiB, reserve_bytes: GiB, state });
const occupied = { referenced_bytes: 3 * GiB, exclusive_bytes: GiB, freed_by_delete_bytes: GiB };
const usage = {
  instance: "web",
  measured_at: "2026-04-30T10:00:00Z",
  ...occupied,
  freed_by_delete_bytes: 2.5 * GiB,
  snapshots: [{ label: "s1", ...occupied }],
};
const s1 = { label: "s1", created_at: "2026-04-30T10:00:00Z", mode: "live", protected: false };

const world = (state = "ok") =>
  scriptedDaemon({
    "GET /health": json(200, { ...health, pool: pool(state) }),
    "GET /instances": json(200, [instance("web")]),
    "GET /instances/web": json(200, instance("web", { status: "stopped" })),
    "GET /instances/web/usage": json(200, usage),
    "GET /instances/web/snapshots": json(200, [s1]),
    "GET /instances/web/snapshots?size=true": json(200, [
      { ...s1, ...occupied },
      { ...s1, label: "new" },
    ]),
  });

it("shows sizes only when asked, for it may take seconds", async () => {
  await using daemon = await world();
  const plain = await runCli(["snapshots", "web"], { daemon });
  expect(plain.stdout).not.toContain("SIZE");
  const { stdout } = await runCli(["snapshots", "web", "--size"], { daemon });
  expect(stdout).toMatch(/SIZE +FREED BY DELETE/);
  expect(stdout).toMatch(/^s1 .*3\.0 GiB +1\.0 GiB/m);
  expect(stdout).toMatch(/^new +\S+ +live$/m);
});

it("tells of an instance what it shares and what deleting it gives back", async () => {
  await using daemon = await world();
  expect((await runCli(["status", "web"], { daemon })).stdout).not.toContain("Space");
  const { stdout } = await runCli(["status", "web", "--size"], { daemon });
  expect(stdout).toContain("3.0 GiB, of it 2.0 GiB shared");
  expect(stdout).toContain("Freed by delete  2.5 GiB, with all its snapshots");
  expect(stdout).toContain("Snapshot s1      3.0 GiB, freed by deleting it 1.0 GiB");
  const asJson = await runCli(["status", "web", "--size", "-o", "json"], { daemon });
  expect(JSON.parse(asJson.stdout)).toMatchObject({ name: "web", usage });
});

it.each([
  ["nearly_full", "warning: The pool is nearly full: 2.0 GiB of 20 GiB are free."],
  ["full", "warning: The pool is full: 2.0 GiB of 20 GiB are free, and nothing new is begun."],
])("warns beside the result when the pool is %s", async (state, warning) => {
  await using daemon = await world(state);
  for (const argv of [["list"], ["status", "web"], ["health"]]) {
    expect((await runCli(argv, { daemon })).stderr).toContain(warning);
  }
  expect((await runCli(["list", "-o", "json"], { daemon })).stderr).toBe("");
});

it("says nothing of a pool that has room", async () => {
  await using daemon = await world();
  for (const argv of [["list"], ["status", "web"], ["health"]])
    expect((await runCli(argv, { daemon })).stderr).toBe("");
  expect((await runCli(["health"], { daemon })).stdout).toContain("2.0 GiB of 20 GiB free");
});

it("makes the pool so large, or by so much larger", async () => {
  await using daemon = await scriptedDaemon({
    "GET /pool": json(200, pool("ok")),
    "POST /pool/grow": json(200, { ...pool("ok"), total_bytes: 30 * GiB }),
  });
  const asked = () => daemon.received.flatMap(({ route, body }) => (route.startsWith("POST") ? [body] : []));
  expect((await runCli(["pool"], { daemon })).stdout).toMatch(/^Size +20 GiB\nFree +2\.0 GiB$/m);
  expect(await runCli(["pool", "grow", "30G"], { daemon })).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/Size +30 GiB/),
  });
  await runCli(["pool", "grow", "+1.5GiB"], { daemon });
  expect(asked()).toEqual([{ size_bytes: 30 * GiB }, { size_bytes: 21.5 * GiB }]);
  for (const size of ["many", "0", "+", "-5G"]) {
    expect(await runCli(["pool", "grow", "--", size], { daemon })).toMatchObject({ code: 2 });
  }
  expect(asked()).toHaveLength(2);
});

it.each([
  [0, "0 B"],
  [999, "999 B"],
  [1000, "1.0 KiB"],
  [1024 * 640, "640 KiB"],
  [1023.9 * 1024 ** 2, "1.0 GiB"],
  [1.5 * GiB, "1.5 GiB"],
  [12_345 * GiB, "12 TiB"],
  [4000 * 1024 * GiB, "4000 TiB"],
])("writes %i bytes as %s", (bytes, text) => {
  expect(size(bytes)).toBe(text);
});
