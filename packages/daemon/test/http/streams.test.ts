import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { createConnection } from "node:net";
import { describe, expect, it, vi } from "vitest";
import type { FakeOperation } from "./fake-service.ts";
import { openWorld } from "./world.ts";

const at = "2026-01-01T00:00:00.000Z";

/** The next text of a stream that ends with `end`. */
async function readTo(response: IncomingMessage, end: string): Promise<string> {
  response.setEncoding("utf8");
  let text = "";
  while (!text.endsWith(end)) {
    const chunk: string | null = response.read();
    if (chunk === null) await once(response, "readable");
    else text += chunk;
  }
  return text;
}

describe("the stream of events", () => {
  it("opens at once and tells each event with its id and its type", async () => {
    await using world = await openWorld();
    const response = await world.begin("GET", "/api/v1/events");
    expect([response.statusCode, response.headers["content-type"]]).toEqual([200, "text/event-stream"]);
    expect(await readTo(response, "connected\n\n")).toBe("retry: 2000\n: connected\n\n");
    world.service.daemonEvents.push({ id: 7, at, type: "ports.changed", instance: "web" });
    expect(await readTo(response, "}\n\n")).toBe(
      `id: 7\nevent: ports.changed\ndata: {"id":7,"at":"${at}","type":"ports.changed","instance":"web"}\n\n`,
    );
    response.destroy();
  });

  it("resumes after the event a client has seen", async () => {
    await using world = await openWorld();
    for (const headers of [{}, { "last-event-id": "1767225600000" }, { "last-event-id": "" }]) {
      (await world.begin("GET", "/api/v1/events", { headers })).destroy();
    }
    expect(world.service.asked).toEqual([
      ["events", undefined],
      ["events", 1767225600000],
      ["events", undefined],
    ]);
    const bad = await world.ask("GET", "/api/v1/events", { headers: { "last-event-id": "-1" } });
    expect([bad.status, bad.json.error]).toEqual([
      400,
      "Header Last-Event-ID: expected the id of an event, a whole number.",
    ]);
  });

  it("gives a sign of life when nothing happens", async () => {
    await using world = await openWorld({ bounds: { heartbeatMs: 5 } });
    const response = await world.begin("GET", "/api/v1/events");
    expect(await readTo(response, ": still here\n\n: still here\n\n")).toContain("connected");
    response.destroy();
  });

  it("ends in order when the daemon stops", async () => {
    await using world = await openWorld();
    const response = await world.begin("GET", "/api/v1/events");
    await Promise.all([response.resume().toArray(), world.close(60_000)]);
    expect(response.complete).toBe(true);
  });
});

describe("a client that does not read", () => {
  it("keeps nobody else waiting, and is cut off in the end", { timeout: 30_000 }, async () => {
    await using world = await openWorld({ bounds: { stallTimeoutMs: 1_000 } });
    const { daemonEvents } = world.service;
    const left = daemonEvents.left();
    const stalled = await world.begin("GET", "/api/v1/events");
    stalled.on("error", () => {});
    const filler = "x".repeat(65_536);
    for (let id = 1; id <= 200; id += 1) {
      daemonEvents.push({ id, at, type: "health.changed", data: { filler } });
    }
    const reading = await world.begin("GET", "/api/v1/events");
    const text = await readTo(reading, "}\n\n");
    expect(text).toContain("id: 1\n");
    reading.resume();
    expect((await world.ask("GET", "/api/v1/instances")).status).toBe(200);
    await left;
    reading.destroy();
    expect(world.logged()).toContainEqual(
      expect.objectContaining({ level: "warn", msg: "an answer was cut off: the client does not read" }),
    );
  });

  it("of a plain answer is cut off as well, and one that waits for its answer is not", {
    timeout: 30_000,
  }, async () => {
    await using world = await openWorld({ bounds: { stallTimeoutMs: 200 } });
    const { service } = world;
    const list = service.instances.list;
    service.instances = {
      ...service.instances,
      list: async (all) => (await list(all)).map((one) => ({ ...one, error: "x".repeat(32_000_000) })),
    };
    const begun = Promise.withResolvers<FakeOperation>();
    service.drive = begun.resolve;
    const waiting = world.ask("POST", "/api/v1/instances/web/stop");
    const operation = await begun.promise;
    const socket = createConnection({ host: "127.0.0.1", port: world.port });
    socket.on("error", () => {});
    socket.write("GET /api/v1/instances HTTP/1.1\r\nHost: localhost\r\n\r\n");
    await vi.waitFor(
      () =>
        expect(world.logged()).toContainEqual(
          expect.objectContaining({ msg: "an answer was cut off: the client does not read" }),
        ),
      { timeout: 30_000 },
    );
    operation.succeed({ status: "ok" });
    expect((await waiting).status).toBe(200);
    socket.destroy();
  });
});

describe("many requests on one connection", () => {
  const request = "GET /api/v1/instances HTTP/1.1\r\nHost: localhost\r\n\r\n";

  it("are answered, as long as the answers are read", async () => {
    await using world = await openWorld();
    const socket = createConnection({ host: "127.0.0.1", port: world.port });
    let text = "";
    for (let round = 1; round <= 5; round += 1) {
      socket.write(request.repeat(20));
      while (text.split("HTTP/1.1 200").length <= round * 20) text += String((await once(socket, "data"))[0]);
    }
    socket.destroy();
  });

  it("end it where nobody waits for an answer before the next ones", async () => {
    await using world = await openWorld();
    const socket = createConnection({ host: "127.0.0.1", port: world.port });
    socket.on("error", () => {});
    socket.write(request.repeat(1_000));
    socket.resume();
    await once(socket, "close");
    expect(world.logged()).toContainEqual(
      expect.objectContaining({
        level: "warn",
        msg: "a connection was cut off: too many requests on it wait for their answers",
      }),
    );
  });
});

describe("too many", () => {
  it("streams are told to come back, with nothing begun", async () => {
    await using world = await openWorld({ bounds: { streams: 2 } });
    const open = await Promise.all([world.begin("GET", "/api/v1/events"), world.begin("GET", "/api/v1/events")]);
    const more = await world.ask("GET", "/api/v1/events");
    expect([more.status, more.json.code]).toEqual([429, "too_many_requests"]);
    const headers = { accept: "application/x-ndjson" };
    const followed = await world.ask("POST", "/api/v1/instances/web/stop", { headers });
    expect(JSON.parse(followed.text)).toMatchObject({ step: "error", code: "too_many_requests" });
    expect(world.service.begun).toEqual([]);
    expect((await world.ask("POST", "/api/v1/instances/web/stop")).status).toBe(200);
    const left = world.service.daemonEvents.left();
    open[0]?.destroy();
    await left;
    const again = await world.begin("GET", "/api/v1/events");
    expect(again.statusCode).toBe(200);
    for (const response of [...open, again]) response.destroy();
  });

  it("of one address leave places for others", async () => {
    await using world = await openWorld({ bounds: { streams: 3, streamsPerPeer: 2, connectionsPerPeer: 3 } });
    const from = (localAddress: string) => world.begin("GET", "/api/v1/events", { localAddress });
    const open = [await from("127.0.0.1"), await from("127.0.0.1")];
    const more = await world.ask("GET", "/api/v1/events", { localAddress: "127.0.0.1" });
    expect([more.status, more.json.error]).toEqual([
      429,
      "2 streams from 127.0.0.1 are open already, the most one address may have. Close one, or try again later.",
    ]);
    open.push(await from("127.0.0.2"));
    expect(open.map(({ statusCode }) => statusCode)).toEqual([200, 200, 200]);
    const idle = await world.begin("GET", "/api/v1/health", { localAddress: "127.0.0.1", keepAlive: true });
    const fourth = await world.ask("GET", "/api/v1/health", { localAddress: "127.0.0.1" });
    expect([fourth.status, fourth.json.error]).toEqual([
      429,
      "More than 3 connections from 127.0.0.1 are open, the most one address may have. Close one, or try again later.",
    ]);
    expect((await world.ask("GET", "/api/v1/health", { localAddress: "127.0.0.2" })).status).toBe(200);
    for (const response of [...open, idle]) response.destroy();
  });

  it("connections are told to come back, and closed at once beyond that", async () => {
    await using world = await openWorld({ bounds: { connections: 2 } });
    const open = await Promise.all([world.begin("GET", "/api/v1/events"), world.begin("GET", "/api/v1/events")]);
    const more = await world.ask("GET", "/api/v1/health");
    expect([more.status, more.json.code]).toEqual([429, "too_many_requests"]);
    for (const response of open) response.destroy();
  });
});

describe("a connection that says too little", () => {
  it("is closed when its headers do not come in time", async () => {
    await using world = await openWorld({ bounds: { headersTimeoutMs: 50, requestTimeoutMs: 100 } });
    expect(await world.exchange("GET /api/v1/health HTTP/1.1\r\nHost: localhost\r\n")).toMatch(/^HTTP\/1\.1 408 /);
  });

  it("is closed when its body does not come in time", async () => {
    await using world = await openWorld({ bounds: { headersTimeoutMs: 50, requestTimeoutMs: 100 } });
    const head = "POST /api/v1/instances HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{";
    expect(await world.exchange(head)).toMatch(/^HTTP\/1\.1 4\d\d |^$/);
    expect(world.service.begun).toEqual([]);
  });

  it("is refused when it is no HTTP at all, and the server goes on", async () => {
    await using world = await openWorld();
    expect(await world.exchange("\x16\x03\x01 nonsense\r\n\r\n")).toMatch(/^HTTP\/1\.1 400 /);
    expect(await world.exchange("GET / HTTP/1.1\r\n\r\n")).toMatch(/^HTTP\/1\.1 400 /);
    expect(await world.exchange(`GET / HTTP/1.1\r\nHost: x\r\nBig: ${"x".repeat(20_000)}\r\n\r\n`)).toMatch(
      /^HTTP\/1\.1 431 /,
    );
    const socket = createConnection({ host: "127.0.0.1", port: world.port });
    await once(socket, "connect");
    socket.resetAndDestroy();
    expect((await world.ask("GET", "/api/v1/health")).status).toBe(200);
  });
});
