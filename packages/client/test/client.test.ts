import { createServer } from "node:net";
import { expect, it } from "vitest";
import * as exported from "../src/index.ts";
import { createClient, DaemonUnreachableError } from "../src/index.ts";
import { complete, instance, json, ndjson, operation, scriptedDaemon } from "./scripted-daemon.ts";

it("exports these names", () => {
  expect(Object.keys(exported).sort()).toEqual(["DaemonUnreachableError", "createClient"]);
});

it("reads what the routes answer", async () => {
  await using daemon = await scriptedDaemon({
    "GET /instances": json(200, [instance("demo")]),
    "GET /instances/demo": json(200, instance("demo")),
    "GET /instances/demo/snapshots": json(200, [{ label: "s1" }]),
    "GET /instances/demo/ports": json(200, { instance: "demo", target_ip: "10.10.0.2", ports: [] }),
    "POST /instances/demo/ports/refresh": json(200, { instance: "demo", target_ip: "10.10.0.2", ports: [] }),
    "GET /instances/demo/access": json(200, { contract_version: "1", env: {}, files: [], endpoints: [] }),
    "GET /instances/demo/workload": json(200, { workload_plugin: "echo" }),
    "GET /instances/demo/workload/health": json(200, { healthy: true }),
    "GET /instances/demo/workload/health?fresh=true": json(200, { healthy: false }),
    "GET /plugins": json(200, [{ name: "echo", status: "ready" }]),
    "GET /plugins/echo": json(200, { name: "echo", status: "ready" }),
    "POST /plugins/reload": json(200, []),
    "GET /operations": json(200, [operation("op1")]),
    "GET /operations/op1": json(200, operation("op1")),
    "DELETE /operations/op1": json(202),
    "GET /health": json(200, { status: "ok" }),
  });
  const client = createClient({ baseUrl: `${daemon.url}/` });
  expect(await client.instances.list()).toEqual([instance("demo")]);
  expect(await client.instances.get("demo")).toEqual(instance("demo"));
  expect(await client.instances.snapshots("demo")).toEqual([{ label: "s1" }]);
  expect(await client.instances.ports("demo")).toMatchObject({ target_ip: "10.10.0.2" });
  expect(await client.instances.refreshPorts("demo")).toMatchObject({ target_ip: "10.10.0.2" });
  expect(await client.instances.access("demo")).toMatchObject({ contract_version: "1" });
  expect(await client.instances.workload("demo")).toMatchObject({ workload_plugin: "echo" });
  expect(await client.instances.workloadHealth("demo")).toEqual({ healthy: true });
  expect(await client.instances.workloadHealth("demo", { fresh: true })).toEqual({ healthy: false });
  expect(await client.plugins.list()).toHaveLength(1);
  expect(await client.plugins.get("echo")).toMatchObject({ name: "echo" });
  expect(await client.plugins.reload()).toEqual([]);
  expect(await client.operations.list()).toHaveLength(1);
  expect(await client.operations.get("op1")).toMatchObject({ id: "op1" });
  await client.operations.cancel("op1");
  expect(await client.health()).toEqual({ status: "ok" });
});

it("sends the token, and none when there is none", async () => {
  await using daemon = await scriptedDaemon({ "GET /instances": json(200, []) });
  await createClient({ baseUrl: daemon.url, token: "s3cret" }).instances.list();
  await createClient({ baseUrl: daemon.url, token: "" }).instances.list();
  expect(daemon.received.map((request) => request.headers.authorization)).toEqual(["Bearer s3cret", undefined]);
});

it("rejects with the daemon's own code, sentence and details", async () => {
  await using daemon = await scriptedDaemon({
    "GET /instances/dmeo": json(404, {
      error: "No instance 'dmeo'. Did you mean 'demo'?",
      code: "not_found",
      details: { nearest: "demo" },
    }),
  });
  await expect(createClient({ baseUrl: daemon.url }).instances.get("dmeo")).rejects.toMatchObject({
    name: "DockersnapError",
    code: "not_found",
    message: "No instance 'dmeo'. Did you mean 'demo'?",
    details: { nearest: "demo" },
  });
});

it.each([
  [404, "not_found"],
  [409, "wrong_state"],
  [400, "invalid_request"],
  [502, "internal"],
])("gives an error of status %i without a code the code %s", async (status, code) => {
  await using daemon = await scriptedDaemon({ "GET /instances": json(status, { error: "no" }) });
  await expect(createClient({ baseUrl: daemon.url }).instances.list()).rejects.toMatchObject({ code, message: "no" });
});

it("says so when something else than a daemon answers", async () => {
  await using daemon = await scriptedDaemon({
    "GET /instances": (_request, response) => {
      response.end("<html>");
    },
    "GET /health": json(200, []),
  });
  const client = createClient({ baseUrl: daemon.url });
  await expect(client.instances.list()).rejects.toThrow("is not a dockersnap daemon");
  await expect(client.health()).rejects.toThrow("is not an object");
});

it("rejects with DaemonUnreachableError when nothing listens", async () => {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  const failure = createClient({ baseUrl: `http://127.0.0.1:${port}` }).instances.list();
  await expect(failure).rejects.toBeInstanceOf(DaemonUnreachableError);
  await expect(failure).rejects.toThrow(`No daemon answers at http://127.0.0.1:${port}: nothing listens there.`);
});

it.each(["ftp://x", "nonsense", ""])("refuses the address '%s'", (baseUrl) => {
  expect(() => createClient({ baseUrl })).toThrow("is not a daemon's address");
});

it.each([".", "..", ""])("sends nothing for the name '%s', which a URL would drop", async (name) => {
  await using daemon = await scriptedDaemon({});
  const client = createClient({ baseUrl: daemon.url });
  await expect(client.instances.get(name)).rejects.toMatchObject({ code: "invalid_request" });
  await expect(client.instances.delete(name)).rejects.toMatchObject({ code: "invalid_request" });
  expect(daemon.received).toEqual([]);
});

it("escapes names, so that one cannot reach another route", async () => {
  await using daemon = await scriptedDaemon({ "GET /instances/a%2F..%2Fb%3Fc": json(200, instance("x")) });
  expect(await createClient({ baseUrl: daemon.url }).instances.get("a/../b?c")).toMatchObject({ name: "x" });
});

it("uses the fetch it is given", async () => {
  const urls: string[] = [];
  const client = createClient({
    baseUrl: "http://daemon.test:1",
    fetch: async (url) => {
      urls.push(url);
      return new Response("[]");
    },
  });
  expect(await client.instances.list()).toEqual([]);
  expect(urls).toEqual(["http://daemon.test:1/api/v1/instances"]);
});

it("sends a mutation's body and answers with the operation's result", async () => {
  await using daemon = await scriptedDaemon({
    "POST /instances": ndjson([complete], { operation: "op1" }),
    "GET /operations/op1": json(200, operation("op1", { result: instance("demo") })),
  });
  const created = await createClient({ baseUrl: daemon.url }).instances.create({ name: "demo" });
  expect(created).toEqual(instance("demo"));
  expect(daemon.received[0]).toMatchObject({
    body: { name: "demo" },
    headers: { accept: "application/x-ndjson", "content-type": "application/json" },
  });
});
