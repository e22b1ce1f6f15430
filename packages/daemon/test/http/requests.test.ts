import { describe, expect, it } from "vitest";
import { openWorld } from "./world.ts";

const json = { "content-type": "application/json" };

describe("a request", () => {
  it("is answered from the service, in JSON", async () => {
    await using world = await openWorld();
    const { status, headers, json: body } = await world.ask("GET", "/api/v1/instances");
    expect([status, headers["content-type"]]).toEqual([200, "application/json"]);
    expect(body[0].name).toBe("web");
    expect((await world.ask("GET", "/api/v1/instances/web/ports")).json.target_ip).toBe("10.10.0.2");
    expect((await world.ask("GET", "/api/v1/plugins/reload")).json).toEqual({ name: "reload", status: "ready" });
    expect((await world.ask("POST", "/api/v1/plugins/reload")).json).toEqual([{ name: "echo", status: "ready" }]);
    expect((await world.ask("POST", "/api/v1/instances/web/ports/refresh", { body: {} })).status).toBe(200);
  });

  it("lists what the daemon made for itself only when told to", async () => {
    await using world = await openWorld();
    const names = async (query: string) =>
      (await world.ask("GET", `/api/v1/instances${query}`)).json.map(({ name }: { name: string }) => name);
    expect(await names("?all=false")).toEqual(["web"]);
    expect(await names("?all=true")).toEqual(["web", "web-verify-1a2b3c"]);
  });

  it("for metrics is answered in text, for the description in OpenAPI", async () => {
    await using world = await openWorld();
    const metrics = await world.ask("GET", "/metrics");
    expect([metrics.headers["content-type"], metrics.text]).toEqual([
      "text/plain; version=0.0.4; charset=utf-8",
      "dockersnap_instances 1\n",
    ]);
    const { openapi, info } = (await world.ask("GET", "/api/v1/openapi.json")).json;
    expect([openapi, info.version]).toEqual(["3.1.0", "1.2.3"]);
  });

  it("gives the service the name by which the daemon was reached", async () => {
    await using world = await openWorld();
    await world.ask("GET", "/api/v1/instances/web/access", { headers: { host: `localhost:${world.port}` } });
    await world.ask("GET", "/api/v1/instances/web/access", { headers: { host: "[::1]:9847" } });
    expect(world.service.asked).toEqual([
      ["access", "web", "localhost"],
      ["access", "web", "::1"],
    ]);
  });

  it("asks a plugin anew only when told to", async () => {
    await using world = await openWorld();
    const path = "/api/v1/instances/web/workload/health";
    for (const query of ["", "?fresh=true", "?fresh=false"])
      expect((await world.ask("GET", path + query)).status).toBe(200);
    expect(world.service.asked.map((asked) => (asked as unknown[])[2])).toEqual([false, true, false]);
    const { status, json: body } = await world.ask("GET", `${path}?fresh=maybe`);
    expect([status, body.error]).toEqual([400, 'Query parameter "fresh": expected true or false, got "maybe".']);
  });

  it("asks for a diff by its moments, and refuses what is none", async () => {
    await using world = await openWorld();
    const path = "/api/v1/instances/web/diff";
    for (const query of ["", "?from=s1&to=now&limit=5", "?from=other@s1"])
      expect((await world.ask("GET", path + query)).status).toBe(200);
    expect(world.service.asked).toEqual([
      ["diff", "web", {}],
      ["diff", "web", { from: "s1", to: "now", limit: 5 }],
      ["diff", "web", { from: "other@s1" }],
    ]);
    const { status, json: body } = await world.ask("GET", `${path}?from=a/b&to=@&limit=many`);
    expect(status).toBe(400);
    expect(body.error).toContain("now, a snapshot's label, or <instance>@<label>");
    expect(body.error).toContain("a whole number from 0 to 10000");
  });

  it("has an id in the answer and in the log, its own where it brings one", async () => {
    await using world = await openWorld();
    const own = await world.ask("POST", "/api/v1/plugins/reload", { headers: { "x-request-id": "abc-1" } });
    expect(own.headers["x-request-id"]).toBe("abc-1");
    expect(world.logged()).toContainEqual(
      expect.objectContaining({ request_id: "abc-1", method: "POST", path: "/api/v1/plugins/reload", status: 200 }),
    );
    const odd = await world.ask("GET", "/api/v1/health", { headers: { "x-request-id": 'x" injected' } });
    expect(odd.headers["x-request-id"]).toMatch(/^[0-9a-f-]{36}$/);
  });

  it("by HEAD is answered as by GET, without a body, also for a stream", async () => {
    await using world = await openWorld({ bounds: { streams: 1 } });
    for (const path of ["/api/v1/health", "/api/v1/events", "/", "/api/v1/events"]) {
      const { status, text } = await world.ask("HEAD", path);
      expect([path, status, text]).toEqual([path, 200, ""]);
    }
  });

  it("with another method is told the right ones", async () => {
    await using world = await openWorld();
    const { status, headers, json: body } = await world.ask("PUT", "/api/v1/instances/web");
    expect([status, headers.allow]).toEqual([405, "DELETE, GET, HEAD, OPTIONS, PATCH"]);
    expect(body).toEqual({
      error: "/api/v1/instances/web does not take PUT, only DELETE, GET, HEAD, OPTIONS, PATCH.",
      code: "invalid_request",
    });
    const options = await world.ask("OPTIONS", "/api/v1/instances");
    expect([options.status, options.headers.allow, options.text]).toEqual([204, "GET, HEAD, OPTIONS, POST", ""]);
    expect(options.headers["access-control-allow-origin"]).toBeUndefined();
  });

  it.each(["/api/v1/nothing", "/api/v2/instances", "/api/v1/instances/", "/favicon.ico", "/api/v1/instances/../x"])(
    "for %s is told that there is nothing, in JSON",
    async (path) => {
      await using world = await openWorld();
      const { status, json: body } = await world.ask("GET", path);
      expect([status, body.code]).toEqual([404, "not_found"]);
    },
  );
});

describe("a failure", () => {
  it("of ours has its sentence, its code and its details", async () => {
    await using world = await openWorld();
    const { status, json: body } = await world.ask("GET", "/api/v1/instances/wbe");
    expect([status, body]).toEqual([
      404,
      { error: "No instance 'wbe'. Did you mean 'web'?", code: "not_found", details: { nearest: "web" } },
    ]);
    expect(world.logged().filter(({ level }) => level === "error")).toEqual([]);
  });

  it("of any other kind tells a client nothing but where to look, and the log everything", async () => {
    await using world = await openWorld();
    const { status, json: body } = await world.ask("GET", "/api/v1/instances/broken", {
      headers: { "x-request-id": "r1" },
    });
    expect([status, body]).toEqual([
      500,
      {
        error: "The daemon failed at this request. Its log has the cause under the request id r1.",
        code: "internal",
      },
    ]);
    expect(world.logged()).toContainEqual(
      expect.objectContaining({
        level: "error",
        request_id: "r1",
        error: expect.objectContaining({ message: expect.stringContaining("ENOENT"), stack: expect.any(String) }),
      }),
    );
  });
});

describe("a body", () => {
  const create = "/api/v1/instances";

  it("is checked whole: every problem is named at once, with its field, what was expected and what came", async () => {
    await using world = await openWorld();
    const { status, json: body } = await world.ask("POST", create, {
      body: {
        name: "-rf",
        limits: { memory: "1G", pids: 3, cpu: 1 },
        labels: { owner: 7, "": "x" },
        workload_inlin: {},
      },
    });
    expect(status).toBe(400);
    expect(body.code).toBe("invalid_request");
    expect(body.details.problems.map(({ problem }: { problem: string }) => problem).sort()).toEqual(
      [
        'field "name": expected a lower-case letter followed by up to 31 lower-case letters, digits or hyphens, got "-rf"',
        'field "limits.memory": expected a number, got "1G"',
        'field "limits.pids": expected at least 128 processes, what a Docker engine needs, got 3',
        'field "limits.cpu" is not known. Did you mean "cpus"?',
        'field "labels.owner": expected a string, got 7',
        expect.stringContaining("expected a key of a letter or digit"),
        'field "workload_inlin" is not known. Did you mean "workload_inline"?',
      ].sort(),
    );
    expect(body.error).toMatch(/^The request has 7 problems: .*; /);
    expect(world.service.begun).toEqual([]);
  });

  it("that lacks a field is told so, together with what is wrong in the address", async () => {
    await using world = await openWorld();
    const { json: body } = await world.ask("POST", "/api/v1/instances/Web/clone", { body: { label: "golden" } });
    expect(body.details.problems.map(({ field }: { field: string }) => field)).toEqual(["name", "new_name"]);
    expect(body.error).toContain('path parameter "name": expected a lower-case letter');
    expect(body.error).toContain('field "new_name" is missing: expected a lower-case letter');
  });

  it.each([
    ["[]", 'The body: expected an object with "name", "workload_inline", "limits", "labels", "engine", got a list.'],
    ["null", 'The body: expected an object with "name", "workload_inline", "limits", "labels", "engine", got null.'],
    ["3", "got 3."],
    ["", "The body is empty; expected a JSON object."],
    ['{"name": "we', "The body is not valid JSON:"],
    ['{"name": "web"} x', "The body is not valid JSON:"],
    ['{"name": "web", "limits": {"memory": 1e400}}', 'Field "limits.memory": expected a number between'],
    ['{"name": "web", "workload_inline": {"plugin": "echo", "config": {"n": 12345678901234567890}}}', 'config.n"'],
    ['{"name": "web", "__proto__": {"a": 1}}', 'expected no field called "__proto__"'],
    ['{"name": "web", "labels": {"__proto__": "x"}}', 'Field "labels": expected no field called "__proto__"'],
    ['{"nmae": "web", "constructor": 1}', 'field "constructor" is not known'],
    [`{"name": "web", "x": ${"[".repeat(5000)}${"]".repeat(5000)}}`, "nested more than 64 levels deep"],
  ])("of %s is refused with a sentence", async (raw, message) => {
    await using world = await openWorld();
    const { status, json: body } = await world.ask("POST", create, { raw, headers: json });
    expect([status, body.code]).toEqual([400, "invalid_request"]);
    expect(body.error).toContain(message);
    expect(world.service.begun).toEqual([]);
  });

  it("that is not UTF-8 is refused", async () => {
    await using world = await openWorld();
    const raw = Buffer.concat([Buffer.from('{"name": "'), Buffer.from([0xff, 0xfe]), Buffer.from('"}')]);
    expect((await world.ask("POST", create, { raw, headers: json })).json.error).toBe("The body is not valid UTF-8.");
  });

  it("is taken as JSON under any type that may be, or none", async () => {
    await using world = await openWorld();
    const types = [
      "application/json; charset=utf-8",
      "text/plain",
      "application/x-www-form-urlencoded",
      "application/problem+json",
      "",
    ];
    for (const type of types) {
      const headers: Record<string, string> = type === "" ? {} : { "content-type": type };
      const { status } = await world.ask("POST", create, { body: { name: "web" }, headers });
      expect([type, status]).toEqual([type, 201]);
    }
    expect(world.service.begun).toHaveLength(types.length);
  });

  it.each([
    ["multipart/form-data; boundary=x", "{}"],
    ["application/xml", "{}"],
    ["text/html", "{}"],
    ["application/x-www-form-urlencoded", "name=web"],
    ["application/json; charset=utf-16", "{}"],
  ])("of type %s is not JSON", async (type, raw) => {
    await using world = await openWorld();
    const { status, json: body } = await world.ask("POST", create, { raw, headers: { "content-type": type } });
    expect([status, body.code]).toEqual([415, "unsupported_media_type"]);
    expect(body.error).toContain("Content-Type: application/json");
  });

  it("of 10 MB is refused, announced or in chunks, and the next request is served", async () => {
    await using world = await openWorld();
    const large = Buffer.alloc(10_000_000, "x");
    const announced = await world.ask("POST", create, { raw: large, headers: json });
    expect([announced.status, announced.json.code]).toEqual([413, "payload_too_large"]);
    const chunks = Array.from({ length: 40 }, () => `40000\r\n${"x".repeat(0x40000)}\r\n`).join("");
    const head = `POST ${create} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n`;
    const chunked = await world.exchange(`${head}Transfer-Encoding: chunked\r\n\r\n${chunks}0\r\n\r\n`);
    expect(chunked).toMatch(/^HTTP\/1\.1 413 /);
    const unasked = await world.ask("POST", "/api/v1/instances/web/start", { raw: large });
    expect(unasked.status).toBe(413);
    expect((await world.ask("GET", "/api/v1/health")).status).toBe(200);
  });
});

describe("a name in an address", () => {
  it.each(["..%2fx", "-rf", "a".repeat(65), "%F0%9F%90%8B", "%zz", "WEB", "web%00", "web%20x", "__proto__"])(
    "of %s is refused with the rule",
    async (name) => {
      await using world = await openWorld();
      const { status, json: body } = await world.ask("GET", `/api/v1/instances/${name}`);
      expect([status, body.code]).toEqual([400, "invalid_request"]);
      expect(body.error).toMatch(/^Path parameter "name": expected a lower-case letter followed by .*, got "/);
    },
  );

  it("that is a label or an operation's id has its own rule", async () => {
    await using world = await openWorld();
    const label = await world.ask("DELETE", "/api/v1/instances/web/snapshots/.hidden");
    expect(label.json.error).toMatch(/^Path parameter "label": expected a letter or digit/);
    const id = await world.ask("GET", "/api/v1/operations/..%2f..");
    expect(id.json.error).toMatch(/^Path parameter "id": expected the id of an operation/);
  });
});
