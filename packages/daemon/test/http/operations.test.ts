import type { IncomingMessage } from "node:http";
import { createInterface } from "node:readline";
import { DockersnapError } from "@dockersnap/contract/words";
import { describe, expect, it } from "vitest";
import { type FakeOperation, instanceNamed } from "./fake-service.ts";
import { openWorld } from "./world.ts";

const ndjson = { accept: "application/x-ndjson" };

/** The lines of a body, one each time it is asked. */
function lines(response: IncomingMessage) {
  const all = createInterface({ input: response })[Symbol.asyncIterator]();
  return async () => {
    const { value, done } = await all.next();
    return done === true ? undefined : JSON.parse(value);
  };
}

describe("who waits for an operation", () => {
  it.each([
    ["POST", "/api/v1/instances", { name: "web" }, 201, instanceNamed("web")],
    ["POST", "/api/v1/instances/web/clone", { label: "a", new_name: "b" }, 201, instanceNamed("b")],
    ["POST", "/api/v1/instances/web/snapshot", { label: "a", mode: "paused" }, 201, { status: "ok", label: "a" }],
    ["POST", "/api/v1/instances/web/revert", { label: "a", force: true }, 200, { status: "ok" }],
    ["POST", "/api/v1/instances/web/start", undefined, 200, { status: "ok" }],
    ["POST", "/api/v1/instances/web/stop", undefined, 200, { status: "ok" }],
    ["POST", "/api/v1/instances/web/restart", {}, 200, { status: "ok" }],
    ["DELETE", "/api/v1/instances/web", undefined, 204, undefined],
    ["DELETE", "/api/v1/instances/web/snapshots/v1.0", undefined, 204, undefined],
  ])("is answered at its end: %s %s", async (method, path, body, status, result) => {
    await using world = await openWorld();
    world.service.drive = (operation) => operation.succeed(result);
    const reply = await world.ask(method, path, body === undefined ? {} : { body });
    expect([reply.status, reply.json, reply.headers["dockersnap-operation"]]).toEqual([status, result, "op-1"]);
  });

  it("is asked for by the service's own words", async () => {
    await using world = await openWorld();
    await world.ask("POST", "/api/v1/instances/web/snapshot", { body: { label: "a", tags: { why: "x" } } });
    await world.ask("DELETE", "/api/v1/instances/web/snapshots/a");
    await world.ask("DELETE", "/api/v1/instances/web", { headers: { "idempotency-key": "k1" } });
    expect(world.service.begun).toEqual([
      {
        request: { kind: "snapshot", name: "web", body: { label: "a", tags: { why: "x" } } },
        caller: { requestedBy: "127.0.0.1", warnings: [] },
      },
      {
        request: { kind: "remove_snapshot", name: "web", label: "a" },
        caller: { requestedBy: "127.0.0.1", warnings: [] },
      },
      {
        request: { kind: "delete", name: "web" },
        caller: {
          requestedBy: "127.0.0.1",
          idempotencyKey: "k1",
          requestDigest: expect.stringMatching(/^[\w-]{43}$/),
          warnings: [],
        },
      },
    ]);
  });

  it("gets its failure with the status of its code; the daemon's own failures are logged", async () => {
    await using world = await openWorld();
    world.service.drive = (operation) =>
      operation.fail({ error: "No room in the pool.", code: "no_space", details: { free: 0 } });
    const full = await world.ask("POST", "/api/v1/instances", { body: { name: "web" } });
    expect([full.status, full.json]).toEqual([
      507,
      { error: "No room in the pool.", code: "no_space", details: { free: 0 } },
    ]);
    expect(world.logged()).toContainEqual(expect.objectContaining({ level: "error", operation: "op-1" }));
    world.service.drive = (operation) => operation.fail({ error: "Cancelled.", code: "cancelled" });
    expect((await world.ask("POST", "/api/v1/instances/web/start")).status).toBe(409);
    world.service.drive = (operation) => operation.fail({ error: "Odd.", code: "code of a later version" });
    expect((await world.ask("POST", "/api/v1/instances/web/start")).status).toBe(500);
  });

  it("is refused before anything begins with the status of the refusal", async () => {
    await using world = await openWorld();
    world.service.refusal = new DockersnapError("busy", "op-9 holds 'web'.", { details: { operation: "op-9" } });
    for (const headers of [{}, { prefer: "respond-async" }]) {
      const { status, json } = await world.ask("POST", "/api/v1/instances/web/stop", { headers });
      expect([status, json]).toEqual([
        409,
        { error: "op-9 holds 'web'.", code: "busy", details: { operation: "op-9" } },
      ]);
    }
  });

  it("is told what was ignored of its body, beside the result", async () => {
    await using world = await openWorld();
    world.service.drive = (operation) =>
      operation.succeed({ ...instanceNamed("web"), warnings: ["The plugin's own."] });
    const { json } = await world.ask("POST", "/api/v1/instances", { body: { name: "web", limit: {} } });
    expect(json.warnings).toEqual([
      "The plugin's own.",
      'Field "limit" is not known and was ignored. Did you mean "limits"?',
    ]);
  });
});

describe("who follows an operation", () => {
  it("gets each line when it happens, and exactly one that tells the end", async () => {
    await using world = await openWorld();
    let operation: FakeOperation | undefined;
    world.service.drive = (begun) => {
      operation = begun;
      begun.feed.push({ step: "dataset", status: "running" });
    };
    const response = await world.begin("POST", "/api/v1/instances", { headers: ndjson, body: { name: "web" } });
    expect([response.statusCode, response.headers["content-type"], response.headers["dockersnap-operation"]]).toEqual([
      200,
      "application/x-ndjson",
      "op-1",
    ]);
    const line = lines(response);
    expect(await line()).toEqual({ step: "dataset", status: "running" });
    operation?.feed.push({ step: "deploy", status: "running", percent: 50, extra: "kept" });
    expect(await line()).toEqual({ step: "deploy", status: "running", percent: 50, extra: "kept" });
    operation?.succeed(instanceNamed("web"));
    expect(await line()).toEqual({ step: "complete", status: "done" });
    expect(await line()).toBeUndefined();
  });

  it("gets a failure as the last line", async () => {
    await using world = await openWorld();
    world.service.drive = (operation) => operation.fail({ error: "No.", code: "plugin_failed" });
    const reply = await world.ask("DELETE", "/api/v1/instances/web", { headers: ndjson });
    expect([reply.status, reply.text]).toEqual([200, '{"step":"error","status":"error","message":"No."}\n']);
  });

  it("is refused in the stream: 200, and an event that tells why", async () => {
    await using world = await openWorld();
    const refused = async (path: string, how: { body?: unknown; raw?: string } = {}) => {
      const { status, headers, text } = await world.ask("POST", path, { headers: ndjson, ...how });
      expect([status, headers["content-type"], headers["dockersnap-operation"]]).toEqual([
        200,
        "application/x-ndjson",
        undefined,
      ]);
      expect(text.endsWith("\n")).toBe(true);
      return JSON.parse(text);
    };
    expect(await refused("/api/v1/instances", { body: {} })).toMatchObject({
      step: "error",
      status: "error",
      message: expect.stringContaining('"name" is missing'),
      code: "invalid_request",
      details: { problems: [{ field: "name" }] },
    });
    expect(await refused("/api/v1/instances", { raw: "x".repeat(2_000_000) })).toMatchObject({
      code: "payload_too_large",
    });
    world.service.refusal = new DockersnapError("busy", "op-9 holds 'web'.", { details: { operation: "op-9" } });
    expect(await refused("/api/v1/instances/web/stop")).toEqual({
      step: "error",
      status: "error",
      message: "op-9 holds 'web'.",
      code: "busy",
      details: { operation: "op-9" },
    });
    world.service.refusal = new Error("secret words");
    expect(JSON.stringify(await refused("/api/v1/instances/web/stop"))).not.toContain("secret");
    expect(world.logged()).toContainEqual(
      expect.objectContaining({ level: "error", error: expect.objectContaining({ message: "secret words" }) }),
    );
  });

  it("may come later, and reads from the first event on", async () => {
    await using world = await openWorld();
    world.service.drive = (operation) => {
      operation.feed.push({ step: "a", status: "done" });
      operation.succeed();
    };
    await world.ask("POST", "/api/v1/instances/web/start");
    const { text, headers } = await world.ask("GET", "/api/v1/operations/op-1/events");
    expect(text.trim().split("\n")).toHaveLength(2);
    expect(headers["content-type"]).toBe("application/x-ndjson");
    expect((await world.ask("GET", "/api/v1/operations/op-2/events")).status).toBe(404);
    expect((await world.ask("GET", "/api/v1/operations")).json).toHaveLength(1);
    expect((await world.ask("DELETE", "/api/v1/operations/op-1")).status).toBe(202);
  });

  it("may go away in the middle: the operation goes on and the place is free", async () => {
    await using world = await openWorld({ bounds: { streams: 1 } });
    let operation: FakeOperation | undefined;
    world.service.drive = (begun) => {
      operation = begun;
      begun.feed.push({ step: "a", status: "running" });
    };
    const response = await world.begin("POST", "/api/v1/instances/web/stop", { headers: ndjson });
    await lines(response)();
    const left = operation?.feed.left();
    response.destroy();
    await left;
    operation?.succeed();
    expect((await world.ask("GET", "/api/v1/operations/op-1")).json.status).toBe("done");
    expect((await world.ask("GET", "/api/v1/operations/op-1/events")).status).toBe(200);
  });

  it("sees a broken connection, not an end, when the following itself fails", async () => {
    await using world = await openWorld();
    world.service.drive = () => {};
    world.service.operations.follow = async function* () {
      yield { step: "a", status: "running" as const };
      throw new Error("secret words");
    };
    const response = await world.begin("POST", "/api/v1/instances/web/stop", { headers: ndjson });
    await expect(response.setEncoding("utf8").toArray()).rejects.toMatchObject({ code: "ECONNRESET" });
    expect(world.logged()).toContainEqual(
      expect.objectContaining({ level: "warn", error: expect.objectContaining({ message: "secret words" }) }),
    );
  });
});

describe("who comes back for an operation", () => {
  it("is told at once where it is", async () => {
    await using world = await openWorld();
    world.service.drive = () => {};
    const headers = { prefer: "wait=5, Respond-Async", accept: "application/x-ndjson" };
    const reply = await world.ask("POST", "/api/v1/instances/web/stop", { headers });
    expect([reply.status, reply.headers.location, reply.json.status]).toEqual([
      202,
      "/api/v1/operations/op-1",
      "running",
    ]);
    expect((await world.ask("GET", reply.headers.location ?? "")).json.id).toBe("op-1");
  });

  it("has the same digest for the same request, however it is written, and another for another", async () => {
    await using world = await openWorld();
    const send = async (key: string, path: string, raw: string, method = "POST") => {
      await world.ask(method, path, { raw, headers: { "idempotency-key": key } });
      return world.service.begun.at(-1)?.caller.requestDigest;
    };
    const path = "/api/v1/instances/web/snapshot";
    const first = await send("a", path, '{"label":"x","tags":{"a":"1","b":"2"}}');
    expect(await send("b", path, ' { "tags": {"b":"2", "a":"1"}, "label": "x", "mode": null }')).toBe(first);
    const others = [
      await send("c", path, '{"label":"y","tags":{"a":"1","b":"2"}}'),
      await send("d", "/api/v1/instances/db/snapshot", '{"label":"x","tags":{"a":"1","b":"2"}}'),
      await send("e", "/api/v1/instances/web/snapshots/x", "{}", "DELETE"),
    ];
    expect(new Set([first, ...others]).size).toBe(4);
  });

  it("with the same key gets the first one's operation, not another", async () => {
    await using world = await openWorld();
    world.service.drive = (operation) => operation.succeed(instanceNamed("web"));
    const ask = () =>
      world.ask("POST", "/api/v1/instances", { headers: { "idempotency-key": "k" }, body: { name: "web" } });
    const [first, second] = [await ask(), await ask()];
    expect([second.status, second.text, second.headers["dockersnap-operation"]]).toEqual([201, first.text, "op-1"]);
    expect(world.service.begun).toHaveLength(1);
  });

  it.each(["x".repeat(201), "two words", ""])("cannot use %j as a key", async (key) => {
    await using world = await openWorld();
    const { status, json } = await world.ask("POST", "/api/v1/instances/web/stop", {
      headers: { "idempotency-key": key },
    });
    expect([status, json.error]).toEqual([400, "Header Idempotency-Key: expected 1 to 200 visible ASCII characters."]);
    expect(world.service.begun).toEqual([]);
  });
});

describe("when the daemon stops", () => {
  it("who waits sees an end that comes in time", async () => {
    await using world = await openWorld();
    const operations: FakeOperation[] = [];
    const begun = Promise.withResolvers<void>();
    world.service.drive = (operation) => {
      operations.push(operation);
      if (operations.length === 2) begun.resolve();
    };
    const plain = world.ask("POST", "/api/v1/instances/web/stop");
    const followed = world.ask("POST", "/api/v1/instances/web/stop", { headers: ndjson });
    await begun.promise;
    const closed = world.close(60_000);
    for (const operation of operations) operation.succeed({ status: "ok" });
    expect([(await plain).status, (await followed).text]).toEqual([200, '{"step":"complete","status":"done"}\n']);
    await closed;
  });

  it("who waits longer is told so, with the operation to come back for", async () => {
    await using world = await openWorld();
    const begun = Promise.withResolvers<void>();
    world.service.drive = () => begun.resolve();
    const plain = world.ask("POST", "/api/v1/instances/web/stop");
    await begun.promise;
    await world.close(0);
    const { status, json } = await plain;
    expect([status, json.code, json.details]).toEqual([503, "shutting_down", { operation: "op-1" }]);
  });
});
