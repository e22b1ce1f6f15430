import { describe, expect, it } from "vitest";
import { openWorld } from "./world.ts";

const create = "/api/v1/instances";
const snapshot = "/api/v1/instances/web/snapshot";
const schedules = "/api/v1/instances/web/schedules";

/** What the service is asked for by this request. */
async function asked(method: string, path: string, body: unknown) {
  await using world = await openWorld();
  const { status, json } = await world.ask(method, path, { body });
  expect([json?.error, status < 300]).toEqual([undefined, true]);
  const request = world.service.begun[0]?.request;
  return { body: request !== undefined && "body" in request ? request.body : undefined, warnings: json.warnings };
}

describe("a field that is null or empty", () => {
  it.each([
    [create, { name: "web", workload_inline: null, limits: null, labels: "" }, { name: "web" }],
    [create, { name: "web", workload_inline: { plugin: "" } }, { name: "web" }],
    [create, { name: "web", workload_inline: { plugin: null, config: {} } }, { name: "web" }],
    [create, { name: "web", workload_inline: {} }, { name: "web" }],
    [
      create,
      { name: "web", workload_inline: { plugin: "echo", config: null } },
      { name: "web", workload_inline: { plugin: "echo" } },
    ],
    [
      create,
      { name: "web", workload_inline: { plugin: "echo", config: { text: null, port: "" } } },
      { name: "web", workload_inline: { plugin: "echo", config: { text: null, port: "" } } },
    ],
    [create, { name: "web", limits: { memory: null, cpus: 1 } }, { name: "web", limits: { cpus: 1 } }],
    [create, { name: "web", labels: { a: null, b: "" } }, { name: "web", labels: { b: "" } }],
    [snapshot, { label: "a", tags: null, mode: "", expires_at: null, protected: null }, { label: "a" }],
    ["/api/v1/instances/web/revert", { label: "a", force: null, only: null }, { label: "a" }],
    ["/api/v1/instances/web/clone", { label: "a", new_name: "b", limits: null }, { label: "a", new_name: "b" }],
    ["/api/v1/instances/web/snapshots/a/verify", { timeout_ms: null }, {}],
    ["/api/v1/instances/web/snapshots/a/verify", null, {}],
    [schedules, { cron: "@daily", of: "", keep: null }, { cron: "@daily" }],
  ])("counts as left out: %s %j", async (path, sent, means) => {
    expect(await asked("POST", path, sent)).toEqual({ body: means, warnings: undefined });
  });

  it("that means something stays", async () => {
    const limits = { memory: null };
    expect((await asked("PATCH", "/api/v1/instances/web", { limits, labels: { a: null } })).body).toEqual({
      limits,
      labels: { a: null },
    });
    const change = { expires_at: null, tags: { a: null } };
    expect((await asked("PATCH", "/api/v1/instances/web/snapshots/a", change)).body).toEqual(change);
  });

  it.each([
    [create, { name: "" }, 'Field "name" is missing'],
    [create, { name: null }, 'Field "name" is missing'],
    [create, { name: "web", workload_inline: { plugin: "", config: { a: 1 } } }, '"workload_inline.plugin" is missing'],
    [snapshot, { label: null, tags: null }, 'Field "label" is missing'],
    [schedules, { cron: "@daily", keep: {} }, 'Field "keep": expected at least one of last'],
  ])("is missing where there has to be one: %s %j", async (path, body, words) => {
    await using world = await openWorld();
    const { status, json } = await world.ask("POST", path, { body });
    expect([status, json.error]).toEqual([400, expect.stringContaining(words)]);
  });

  it("is no change", async () => {
    await using world = await openWorld();
    for (const body of [{}, { labels: "" }, { lables: { a: "b" } }]) {
      const { status, json } = await world.ask("PATCH", "/api/v1/instances/web", { body });
      expect([status, json.error]).toEqual([
        400,
        expect.stringContaining("expected at least one of limits and labels"),
      ]);
    }
    const misspelled = await world.ask("PATCH", "/api/v1/instances/web", { body: { lables: { a: "b" } } });
    expect(misspelled.json.error).toContain('field "lables" is not known. Did you mean "labels"?');
  });

  it("of a whole body is none, where no field is needed", async () => {
    await using world = await openWorld();
    const path = "/api/v1/instances/web/snapshots/a/verify";
    for (const raw of ["", "null", "{}"]) expect((await world.ask("POST", path, { raw })).status).toBe(200);
  });
});

describe("a field there is not", () => {
  it.each([
    [
      create,
      { name: "web", labells: { a: "b" } },
      'Field "labells" is not known and was ignored. Did you mean "labels"?',
    ],
    [
      create,
      { name: "web", limits: { cpu: 1 } },
      'Field "limits.cpu" is not known and was ignored. Did you mean "cpus"?',
    ],
    [
      snapshot,
      { label: "a", zzz: 1 },
      'Field "zzz" is not known and was ignored. Known are label, tags, mode, expires_at, protected.',
    ],
    [
      create,
      { name: "web", constructor: 1 },
      expect.stringContaining('Field "constructor" is not known and was ignored.'),
    ],
    [
      "/api/v1/instances/web/start",
      { wait: true },
      'Field "wait" is not known and was ignored. This request takes no fields.',
    ],
    ["/api/v1/pool/grow", { size_bytes: 9, size: 9 }, expect.stringContaining('Field "size" is not known')],
  ])("is ignored with a warning: %s %j", async (path, sent, warning) => {
    expect((await asked("POST", path, sent)).warnings).toEqual([warning]);
  });

  it("is told with the end of an operation that is followed", async () => {
    await using world = await openWorld();
    const { headers } = await world.ask("POST", snapshot, {
      body: { label: "a", tag: {} },
      headers: { accept: "application/x-ndjson" },
    });
    const { json } = await world.ask("GET", `/api/v1/operations/${headers["dockersnap-operation"]}`);
    expect(json.warnings).toEqual(['Field "tag" is not known and was ignored. Did you mean "tags"?']);
  });
});
