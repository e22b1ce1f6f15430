import type { ProgressEvent } from "@dockersnap/contract/words";
import { expect, it } from "vitest";
import { createClient, DaemonUnreachableError, type FollowOptions } from "../src/index.ts";
import { complete, instance, json, ndjson, operation, scriptedDaemon } from "./scripted-daemon.ts";

const reserve = { step: "reserve", status: "done" };
const start = { step: "start-dockerd", status: "running" };

function watched() {
  const events: ProgressEvent[] = [];
  const operations: string[] = [];
  const reconnects: number[] = [];
  const options: FollowOptions = {
    onProgress: (event) => events.push(event),
    onOperation: (id) => operations.push(id),
    onReconnect: (attempt) => reconnects.push(attempt),
  };
  return { events, operations, reconnects, options };
}

it("reports each event once and in order, then the result", async () => {
  await using daemon = await scriptedDaemon({
    "POST /instances/demo/start": ndjson([reserve, start, complete], { operation: "op1" }),
    "GET /operations/op1": json(200, operation("op1", { result: { status: "ok" } })),
  });
  const seen = watched();
  expect(await createClient({ baseUrl: daemon.url }).instances.start("demo", seen.options)).toEqual({ status: "ok" });
  expect(seen.events).toEqual([reserve, start, complete]);
  expect(seen.operations).toEqual(["op1"]);
});

it("rejects with the operation's own error when it failed", async () => {
  await using daemon = await scriptedDaemon({
    "POST /instances": ndjson([reserve, { step: "error", status: "error", message: "refused" }], { operation: "op1" }),
    "GET /operations/op1": json(
      200,
      operation("op1", { status: "failed", error: { error: "refused", code: "plugin_refused", details: { a: 1 } } }),
    ),
  });
  await expect(createClient({ baseUrl: daemon.url }).instances.create({ name: "demo" })).rejects.toMatchObject({
    code: "plugin_refused",
    message: "refused",
    details: { a: 1 },
  });
});

it("rejects with the code and details of what was refused before it began", async () => {
  const refusal = { step: "error", status: "error", message: "op-9 holds 'demo'.", code: "busy", details: { a: 1 } };
  await using daemon = await scriptedDaemon({ "POST /instances/demo/stop": ndjson([refusal]) });
  const seen = watched();
  await expect(createClient({ baseUrl: daemon.url }).instances.stop("demo", seen.options)).rejects.toMatchObject({
    code: "busy",
    message: "op-9 holds 'demo'.",
    details: { a: 1 },
  });
  expect(seen.events).toEqual([]);
});

it("counts the events that the daemon no longer keeps when it follows on", async () => {
  const gap = { step: "progress", status: "running", message: "2 events are no longer kept", omitted: 2 };
  const third = { step: "third", status: "running" };
  await using daemon = await scriptedDaemon({
    "POST /instances": ndjson([reserve, start, { ...start, percent: 50 }], { operation: "op1", breaks: true }),
    "GET /operations/op1/events": [ndjson([reserve, gap, third, complete])],
    "GET /operations/op1": json(200, operation("op1", { result: instance("demo") })),
  });
  const seen = watched();
  await createClient({ baseUrl: daemon.url }).instances.create({ name: "demo" }, seen.options);
  expect(seen.events).toEqual([reserve, start, { ...start, percent: 50 }, third, complete]);
});

it("follows on where it was after the connection broke", async () => {
  await using daemon = await scriptedDaemon({
    "POST /instances": ndjson([reserve, start], { operation: "op1", breaks: true }),
    "GET /operations/op1/events": [
      ndjson([reserve], { breaks: true }),
      ndjson([reserve, start, { step: "start-dockerd", status: "done" }, complete]),
    ],
    "GET /operations/op1": json(200, operation("op1", { result: instance("demo") })),
  });
  const seen = watched();
  const created = await createClient({ baseUrl: daemon.url }).instances.create({ name: "demo" }, seen.options);
  expect(created.name).toBe("demo");
  expect(seen.events).toEqual([reserve, start, { step: "start-dockerd", status: "done" }, complete]);
  expect(seen.reconnects).toEqual([1, 2]);
});

it("takes the end from the record when a restarted daemon has no events left", async () => {
  await using daemon = await scriptedDaemon({
    "POST /instances/demo/stop": ndjson([reserve, start], { operation: "op1", breaks: true }),
    "GET /operations/op1/events": ndjson([]),
    "GET /operations/op1": json(
      200,
      operation("op1", { status: "failed", recovered: "undone", error: { error: "taken back", code: "internal" } }),
    ),
  });
  await expect(createClient({ baseUrl: daemon.url }).instances.stop("demo")).rejects.toThrow("taken back");
});

it("gives up after a bounded number of attempts and names the operation", async () => {
  const daemon = await scriptedDaemon({});
  daemon.script["POST /instances/demo/stop"] = ndjson([reserve], {
    operation: "op1",
    breaks: true,
    until: new Promise<void>((resolve) => {
      setImmediate(resolve);
    }),
  });
  const seen = watched();
  const client = createClient({ baseUrl: daemon.url });
  const failure = client.instances.stop("demo", {
    ...seen.options,
    onReconnect: (attempt) => {
      seen.options.onReconnect?.(attempt);
      void daemon[Symbol.asyncDispose]();
    },
  });
  await expect(failure).rejects.toMatchObject({ operation: "op1" });
  await expect(failure).rejects.toBeInstanceOf(DaemonUnreachableError);
  expect(seen.reconnects).toEqual([1, 2, 3, 4, 5, 6]);
}, 15_000);

it("does not resume what has no name", async () => {
  await using daemon = await scriptedDaemon({ "POST /instances/demo/stop": ndjson([reserve], { breaks: true }) });
  await expect(createClient({ baseUrl: daemon.url }).instances.stop("demo")).rejects.toThrow(
    "was lost; what it was asked to do may go on",
  );
});

it("understands a daemon that names no operation", async () => {
  await using daemon = await scriptedDaemon({
    "POST /instances": ndjson([complete]),
    "GET /instances/demo": json(200, instance("demo")),
    "POST /instances/demo/stop": ndjson([{ step: "error", status: "error", message: "no such thing" }]),
    "DELETE /instances/demo": json(204),
    "POST /instances/demo/start": json(200, { status: "ok" }),
  });
  const client = createClient({ baseUrl: daemon.url });
  expect(await client.instances.create({ name: "demo" })).toEqual(instance("demo"));
  await expect(client.instances.stop("demo")).rejects.toThrow("no such thing");
  expect(await client.instances.start("demo")).toEqual({ status: "ok" });
  await client.instances.delete("demo");
});

it("stops following on an abort, with the signal's reason", async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  await using daemon = await scriptedDaemon({
    "POST /instances/demo/stop": ndjson([reserve], { operation: "op1", until: promise }),
  });
  const controller = new AbortController();
  const reason = new Error("enough");
  const failure = createClient({ baseUrl: daemon.url }).instances.stop("demo", {
    signal: controller.signal,
    onProgress: () => controller.abort(reason),
  });
  await expect(failure).rejects.toBe(reason);
  expect(daemon.received).toHaveLength(1);
  resolve();
});

it("refuses a line without end", async () => {
  await using daemon = await scriptedDaemon({
    "POST /instances/demo/stop": ndjson([{ step: "x".repeat(2 * 1024 * 1024), status: "running" }], {
      operation: "op1",
    }),
  });
  await expect(createClient({ baseUrl: daemon.url }).instances.stop("demo")).rejects.toThrow("a line of more than");
});

it("follows an operation that someone else began, whatever its end", async () => {
  const record = operation("op1", { status: "failed", error: { error: "no", code: "internal" } });
  await using daemon = await scriptedDaemon({
    "GET /operations/op1/events": ndjson([reserve, { step: "error", status: "error", message: "no" }]),
    "GET /operations/op1": json(200, record),
  });
  const seen = watched();
  expect(await createClient({ baseUrl: daemon.url }).operations.events("op1", seen.options)).toEqual(record);
  expect(seen.events).toHaveLength(2);
});
