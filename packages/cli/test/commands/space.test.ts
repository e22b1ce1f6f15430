import { size } from "@dockersnap/contract/words";
import { expect, it } from "vitest";
import { instance, json, scriptedDaemon } from "../../../client/test/scripted-daemon.ts";
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
const occupied = {
  referenced_bytes: 3 * GiB,
  shared_bytes: 2 * GiB,
  exclusive_bytes: 4 * GiB,
  freed_by_delete_bytes: GiB,
};
const usage = {
  instance: "web",
  measured_at: "2026-04-30T10:00:00Z",
  ...occupied,
  freed_by_delete_bytes: 2.5 * GiB,
  snapshots: [{ label: "s1", ...occupied }],
};
const s1 = { label: "s1", created_at: "2026-04-30T10:00:00Z", mode: "live", protected: false };

const world = (state = "ok", routes: Parameters<typeof scriptedDaemon>[0] = {}) =>
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
    ...routes,
  });

it("shows sizes only when asked, for it may take seconds", async () => {
  await using daemon = await world();
  const plain = await runCli(["snapshots", "web"], { daemon });
  expect(plain.stdout).not.toContain("SIZE");
  const { stdout } = await runCli(["snapshots", "web", "--size"], { daemon });
  expect(stdout).toMatch(/SIZE +FREED BY DELETE/);
  expect(stdout).toMatch(/^s1 .*3\.0 GiB +1\.0 GiB/m);
  expect(stdout).toMatch(/^new +\S+ +live +unknown +unknown$/m);
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

const metadata = { total_bytes: 512 * 1024 ** 2, free_bytes: 3 * 1024 ** 2, reserve_bytes: 16 * 1024 ** 2 };
const records = (state: string) => ({
  total_bytes: GiB,
  free_bytes: 2048,
  reserve_bytes: 32 * 1024 ** 2,
  state,
  path: "/var/lib/dockersnap/records.db",
  mountpoint: "/var",
});

it.each([
  {
    what: "metadata",
    told: { pool: { ...pool("full"), what: "metadata", metadata, advice: "Balance it." } },
    warning:
      "warning: The pool's metadata space is full: 3.0 MiB of 512 MiB are free, and nothing new is begun. Balance it.\n",
  },
  {
    what: "metadata that is running out",
    told: { pool: { ...pool("nearly_full"), what: "metadata", metadata, advice: "Grow it." } },
    warning: "warning: The pool's metadata space is nearly full: 3.0 MiB of 512 MiB are free. Grow it.\n",
  },
  {
    what: "the disk below the pool",
    told: {
      pool: {
        ...pool("full"),
        what: "backing",
        backing: { mountpoint: "/srv", free_bytes: 2 * GiB },
        advice: "Free space on /srv.",
      },
    },
    warning:
      "warning: The disk mounted at /srv, which holds the pool's image, is full: 2.0 GiB are free, and nothing new is begun. Free space on /srv.\n",
  },
  {
    what: "a pool that is read-only",
    told: { pool: { ...pool("read_only"), advice: "Remount it." } },
    warning: "warning: The pool is read-only, and nothing in it can be changed. Remount it.\n",
  },
  {
    what: "the disk with the records",
    told: { pool: pool("ok"), records: { ...records("full"), advice: "Free space there." } },
    warning:
      "warning: The disk mounted at /var, which holds the daemon's records, is full: 2.0 KiB are free, and nothing new is begun. Free space there.\n",
  },
])("warns in one sentence, with the way out, of $what", async ({ told, warning }) => {
  await using daemon = await scriptedDaemon({
    "GET /health": json(200, { ...health, ...told }),
    "GET /instances": json(200, [instance("web")]),
    "GET /instances/web": json(200, instance("web", { status: "stopped" })),
    "GET /pool": json(200, told.pool),
  });
  for (const argv of [["list"], ["status", "web"], ["health"], ["pool"]]) {
    const isAboutRecords = "records" in told;
    const expected = argv[0] === "pool" && isAboutRecords ? "" : warning;
    expect((await runCli(argv, { daemon })).stderr, argv.join(" ")).toBe(expected);
  }
  expect((await runCli(["list", "--quiet"], { daemon })).stderr).toBe("");
});

it("shows the free space for metadata, and the state in words", async () => {
  await using daemon = await scriptedDaemon({ "GET /pool": json(200, { ...pool("read_only"), metadata }) });
  const { stdout } = await runCli(["pool"], { daemon });
  expect(stdout).toMatch(/^State +read-only$/m);
  expect(stdout).toMatch(/^Metadata +3\.0 MiB of 512 MiB free, 16 MiB in reserve$/m);
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

it("says that a size is not known, and shows the rest", async () => {
  const error = { code: "not_ready", error: "Finding out takes long." };
  await using daemon = await world("ok", { "GET /instances/web/usage": json(503, error) });
  const { code, stdout, stderr } = await runCli(["status", "web", "--size"], { daemon });
  expect(code).toBe(0);
  expect(stdout).toContain("web");
  expect(stdout).not.toContain("Space");
  expect(stderr).toContain("not known: Finding out takes long.");
});
