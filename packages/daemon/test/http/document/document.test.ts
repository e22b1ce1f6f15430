import { type Route, type RouteId, routes } from "@dockersnap/contract/routes";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { routeEntries } from "../../../src/http/router.ts";
import { inputsNear } from "./inputs.ts";
import {
  bodySchema,
  described,
  documentAllows,
  type Parameter,
  resolve,
  type Sent,
  serverTakes,
  withoutLeeway,
} from "./requests.ts";

function parametersNear(route: Route, place: Parameter["in"]): fc.Arbitrary<Record<string, string>> {
  const named = (described(route).parameters ?? []).filter((one) => one.in === place);
  const values = named.map(({ name, schema }) => [name, inputsNear(schema, resolve).map(asText)] as const);
  return fc.record(Object.fromEntries(values), {
    requiredKeys: named.filter(({ required }) => required).map(({ name }) => name),
  });
}

const asText = (value: unknown) => (typeof value === "string" ? value : JSON.stringify(value));

function requestsNear(route: Route): fc.Arbitrary<Sent> {
  const body = bodySchema(route);
  return fc.record({
    params: parametersNear(route, "path"),
    query: parametersNear(route, "query"),
    headers: parametersNear(route, "header"),
    body: body === undefined ? fc.constant(undefined) : inputsNear(body, resolve),
  });
}

describe("the OpenAPI document decides as the server does", () => {
  it.each(routeEntries)("on requests of %s", async (_id, route) => {
    await fc.assert(
      fc.asyncProperty(requestsNear(route), async (sent) => {
        const taken = await serverTakes(route, sent);
        expect(documentAllows(route, withoutLeeway(route, sent))).toBe(taken);
        if (documentAllows(route, sent)) expect(taken).toBe(true);
      }),
      { numRuns: 150 },
    );
  });

  const repeated = (count: number, value: unknown = "v") =>
    Object.fromEntries(Array.from({ length: count }, (_none, index) => [`k${index}`, value]));
  const params = { name: "web", label: "golden", id: "nightly" };
  const cron = "0 3 * * *";

  const edges: readonly (readonly [RouteId, Partial<Sent>, boolean])[] = [
    ["changeInstance", { body: {} }, false],
    ["changeInstance", { body: { surplus: 1 } }, false],
    ["changeInstance", { body: { limits: {} } }, true],
    ["changeInstance", { body: { labels: {} } }, true],
    ["changeInstance", { body: { limits: { cpus: 0 } } }, false],
    ["changeInstance", { body: { limits: { memory: 1.5e9 } } }, true],
    ["changeInstance", { body: { limits: { memory: 100_000_000.5 } } }, false],
    ["changeInstance", { body: { labels: { "dockersnap.auto": null } } }, true],
    ["changeInstance", { body: { labels: { "dockersnap.auto": "x" } } }, false],
    ["changeInstance", { body: { labels: repeated(65, null) } }, false],
    ["createInstance", { body: { name: "web", labels: repeated(64) } }, true],
    ["createInstance", { body: { name: "web", labels: repeated(65) } }, false],
    ["createInstance", { body: { name: "web", labels: { k: "🐋".repeat(256) } } }, true],
    ["createInstance", { body: { name: "web", labels: { k: "🐋".repeat(257) } } }, false],
    ["createInstance", { body: { name: "web", labels: { "dockersnap.auto": "x" } } }, true],
    ["createInstance", { body: { name: "web", labels: { "-k": "v" } } }, false],
    ["createInstance", { body: { name: "web" }, headers: { "Idempotency-Key": "a".repeat(200) } }, true],
    ["createInstance", { body: { name: "web" }, headers: { "Idempotency-Key": "a".repeat(201) } }, false],
    ["createInstance", { body: { name: "web" }, headers: { "Idempotency-Key": "a b" } }, false],
    ["createInstance", { body: { name: "web" }, headers: { "Idempotency-Key": "" } }, false],
    ["changeSnapshot", { body: {} }, false],
    ["changeSnapshot", { body: { expires_at: null } }, true],
    ["changeSnapshot", { body: { new_label: "now" } }, false],
    ["takeSnapshot", { body: { label: "now" } }, false],
    ["takeSnapshot", { body: { label: "Now" } }, true],
    ["takeSnapshot", { body: { label: "a", tags: { "dockersnap.schedule": "x" } } }, false],
    ["takeSnapshot", { body: { label: "a", expires_at: "2030-02-30T00:00:00Z" } }, false],
    ["takeSnapshot", { body: { label: "a", expires_at: "2030-01-01T00:00:00+02:00" } }, false],
    ["revertInstance", { body: { label: "now" } }, true],
    ["revertInstance", { body: { label: "a", only: [] } }, false],
    ["revertInstance", { body: { label: "a", only: Array(64).fill("volume:v") } }, true],
    ["revertInstance", { body: { label: "a", only: Array(65).fill("volume:v") } }, false],
    ["addSchedule", { body: { cron, keep: {} } }, false],
    ["addSchedule", { body: { cron, keep: { surplus: 1 } } }, false],
    ["addSchedule", { body: { cron, keep: { last: 10_000 } } }, true],
    ["addSchedule", { body: { cron, keep: { last: 10_001 } } }, false],
    ["addSchedule", { body: { cron, of: "nightly" } }, false],
    ["addSchedule", { body: { cron, action: "snapshot", timeout_ms: 1000 } }, false],
    ["addSchedule", { body: { cron, action: "verify", of: "nightly", timeout_ms: 1000 } }, true],
    ["addSchedule", { body: { cron, action: "verify", keep: { last: 1 } } }, false],
    ["addSchedule", { body: { cron, action: "other" } }, false],
    ["addSchedule", { body: { cron: "é".repeat(101) } }, false],
    ["addSchedule", { body: { cron, label: `{time}-${"x".repeat(39)}` } }, true],
    ["addSchedule", { body: { cron, label: `{time}-${"x".repeat(40)}` } }, false],
    ["verifySnapshot", {}, true],
    ["verifySnapshot", { body: {} }, true],
    ["verifySnapshot", { body: { timeout_ms: 999 } }, false],
    ["takeSnapshot", {}, false],
    ["setStandby", { body: { count: 0 } }, false],
    ["growPool", { body: { size_bytes: 0 } }, false],
    ["getDiff", { query: { from: "web@s1", to: "now", limit: "10000" } }, true],
    ["getDiff", { query: { from: "a@b@c" } }, false],
    ["getDiff", { query: { from: "@s1" } }, false],
    ["getDiff", { query: { limit: "10001" } }, false],
    ["listOperations", { query: { limit: "1001" } }, false],
    ["listOperations", { query: { since: "yesterday" } }, false],
    ["listInstances", { query: { all: "yes" } }, false],
    ["followEvents", { headers: { "Last-Event-ID": "999999999999999" } }, true],
    ["followEvents", { headers: { "Last-Event-ID": "9999999999999999" } }, false],
    ["followEvents", { headers: { "Last-Event-ID": "" } }, true],
    ["getInstance", { params: { name: "Web" } }, false],
  ];
  const told = edges.map(([id, part, expected]) => {
    const text = JSON.stringify(part);
    const short = text.length > 100 ? `${text.slice(0, 100)}…` : text;
    return [id, short, expected ? "taken" : "refused", part, expected] as const;
  });

  it.each(told)("on %s with %s, which is %s", async (id, _short, _word, part, expected) => {
    const route: Route = routes[id];
    const own = Object.keys(route.params ?? {}).map((name) => [name, params[name as keyof typeof params]]);
    const sent: Sent = { params: Object.fromEntries(own), query: {}, headers: {}, ...part };
    expect({
      document: documentAllows(route, withoutLeeway(route, sent)),
      server: await serverTakes(route, sent),
    }).toEqual({
      document: expected,
      server: expected,
    });
  });
});
