import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type RequestListener } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { createEngineApi } from "../../src/dockerd/api/engine-api.ts";
import { followEvents } from "../../src/dockerd/api/events.ts";
import { untilAnswering } from "../../src/dockerd/api/ready.ts";

const id = "a".repeat(64);
const plain = { Id: id, Names: ["/web"], Image: "box", State: "running" };

/** Something that answers on a socket as dockerd does. */
async function dockerd(answer: RequestListener) {
  const dir = await mkdtemp(join(tmpdir(), "dockerd-api-"));
  const socket = join(dir, "d.sock");
  const server = createServer(answer);
  return {
    socket,
    listen: async () => {
      server.listen(socket);
      await once(server, "listening");
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await rm(dir, { recursive: true });
    },
  };
}

async function answering(body: string, status = 200) {
  const engine = await dockerd((_, response) => response.writeHead(status).end(body));
  await engine.listen();
  return engine;
}

it("lists the networks that have a bridge, with their subnets", async () => {
  const networks = [
    { Name: "bridge", Driver: "bridge", IPAM: { Config: [{ Subnet: "172.17.0.0/16", Gateway: "172.17.0.1" }] } },
    { Name: "six", Driver: "bridge", IPAM: { Config: [{ Subnet: "fd00::/64" }, { Subnet: "10.0.0.0/24" }, {}] } },
    { Name: "odd", Driver: "bridge", IPAM: { Config: null } },
    { Name: "host", Driver: "host", IPAM: null },
  ];
  await using engine = await answering(JSON.stringify(networks));
  expect(await createEngineApi("web", engine.socket).bridgeNetworks()).toEqual([
    { name: "bridge", subnets: ["172.17.0.0/16"] },
    { name: "six", subnets: ["fd00::/64", "10.0.0.0/24"] },
    { name: "odd", subnets: [] },
  ]);
});

it("lists a container with its own name, published ports and mounts", async () => {
  const container = {
    ...plain,
    Names: ["/front/web", "/web"],
    Labels: { role: "front" },
    Ports: [
      { IP: "0.0.0.0", PrivatePort: 80, PublicPort: 8080, Type: "tcp" },
      { PrivatePort: 9999, Type: "tcp" },
      { IP: "::", PrivatePort: 53, PublicPort: 53, Type: "udp" },
      { IP: "0.0.0.0", PrivatePort: 7, PublicPort: 7, Type: "sctp" },
    ],
    Mounts: [{ Type: "tmpfs", Destination: "/cache" }],
    Unknown: 1,
  };
  await using engine = await answering(JSON.stringify([container]));
  expect(await createEngineApi("web", engine.socket).containers()).toEqual([
    {
      id,
      name: "web",
      image: "box",
      state: "running",
      labels: { role: "front" },
      ports: [
        { ip: "0.0.0.0", publicPort: 8080, privatePort: 80, protocol: "tcp" },
        { ip: "::", publicPort: 53, privatePort: 53, protocol: "udp" },
      ],
      mounts: [{ type: "tmpfs", source: "", destination: "/cache" }],
    },
  ]);
});

it("takes a container without names, ports, labels or mounts as it is", async () => {
  await using engine = await answering(JSON.stringify([{ ...plain, Names: null, Ports: null, Labels: null }]));
  const [container] = await createEngineApi("web", engine.socket).containers();
  expect(container).toMatchObject({ name: "", ports: [], labels: {}, mounts: [] });
});

const state = { Status: "running", StartedAt: "2026-01-01T00:00:00Z", Error: "" };

it.each([
  ["two", 200, { State: state, HostConfig: { Tmpfs: { "/run": "size=1m", "/tmp": "" } } }, ["/run", "/tmp"]],
  ["none", 200, { State: state, HostConfig: { Tmpfs: null } }, []],
  ["none of a container that is gone", 404, { message: "No such container" }, []],
])("tells of a container's file systems in memory: %s", async (_, status, body, places) => {
  await using engine = await answering(JSON.stringify(body), status);
  expect(await createEngineApi("web", engine.socket).tmpfs(id)).toEqual(places);
});

it.each([
  [
    "of one with a policy and a check",
    { State: { ...state, Health: { Status: "unhealthy" } }, HostConfig: { RestartPolicy: { Name: "always" } } },
    { restartPolicy: "always", health: "unhealthy", error: "" },
  ],
  [
    "of one whose check was switched off, and that could not start",
    { State: { ...state, Status: "created", Error: "no such device", Health: { Status: "none" } }, HostConfig: {} },
    { restartPolicy: "no", state: "created", health: undefined, error: "no such device" },
  ],
])("tells how a container stands: %s", async (_, body, vitals) => {
  await using engine = await answering(JSON.stringify(body));
  expect(await createEngineApi("web", engine.socket).vitals(id)).toMatchObject(vitals);
});

it("tells nothing of how a container stands that is gone", async () => {
  await using engine = await answering(JSON.stringify({ message: "No such container" }), 404);
  expect(await createEngineApi("web", engine.socket).vitals(id)).toBeUndefined();
});

it.each([
  ["what is not JSON", "<html>"],
  ["something else than a list", "{}"],
  ["an id that is none", JSON.stringify([{ ...plain, Id: "../x" }])],
  [
    "a port that is none",
    JSON.stringify([{ ...plain, Ports: [{ PrivatePort: 80, PublicPort: 70_000, Type: "tcp" }] }]),
  ],
])("refuses %s", async (_, body) => {
  await using engine = await answering(body);
  await expect(createEngineApi("web", engine.socket).containers()).rejects.toMatchObject({ code: "internal" });
});

it("stops reading an answer without end", async () => {
  const block = Buffer.alloc(1024 * 1024, 0x20);
  await using engine = await dockerd((_, response) => {
    const more = () => {
      while (!response.destroyed && response.write(block));
    };
    response.on("drain", more);
    more();
  });
  await engine.listen();
  await expect(createEngineApi("web", engine.socket).containers()).rejects.toMatchObject({
    code: "internal",
    message: expect.stringContaining("16777216"),
  });
});

it.each([
  [204, "", undefined],
  [304, "", undefined],
  [404, '{"message":"No such container"}', { code: "not_found" }],
  [500, '{"message":"port is taken"}', { code: "internal", message: expect.stringContaining("port is taken") }],
])("starts a container that dockerd answers %i for", async (status, body, failure) => {
  await using engine = await answering(body, status);
  const started = createEngineApi("web", engine.socket).startContainer(id);
  if (failure === undefined) await started;
  else await expect(started).rejects.toMatchObject(failure);
});

it.each([
  [204, "", undefined],
  [304, "", undefined],
  [404, '{"message":"No such container"}', { code: "not_found" }],
  [500, '{"message":"it does not die"}', { code: "internal", message: expect.stringContaining("it does not die") }],
])("stops a container that dockerd answers %i for", async (status, body, failure) => {
  await using engine = await answering(body, status);
  const stopped = createEngineApi("web", engine.socket).stopContainer(id, new AbortController().signal);
  if (failure === undefined) await stopped;
  else await expect(stopped).rejects.toMatchObject(failure);
});

it("waits for a container to end only as long as its caller does", async () => {
  const reason = new Error("enough");
  await using engine = await dockerd(() => {});
  await engine.listen();
  const stopped = createEngineApi("web", engine.socket).stopContainer(id, AbortSignal.abort(reason));
  await expect(stopped).rejects.toBe(reason);
});

it("says that nobody answers", async () => {
  const api = createEngineApi("web", "/nonexistent/web.sock");
  await expect(api.containers()).rejects.toMatchObject({ code: "not_ready" });
});

it("counts events however their lines are cut", async () => {
  await using engine = await dockerd((_, response) => {
    response.write('{"a":');
    response.write('1}\n{"b":2}\n{"c"');
    response.end(":3}\n");
  });
  await engine.listen();
  const seen: string[] = [];
  const filter = { type: ["container"], event: ["start"] };
  for await (const event of followEvents(engine.socket, filter, new AbortController().signal)) seen.push(event);
  expect(seen).toEqual(["up", "event", "event", "event"]);
});

it("ends a stream whose line has no end", async () => {
  await using engine = await dockerd((_, response) => {
    response.write(Buffer.alloc(2 * 1024 * 1024, 0x78));
  });
  await engine.listen();
  const follow = async () => {
    const filter = { type: ["container"], event: ["start"] };
    for await (const _ of followEvents(engine.socket, filter, new AbortController().signal));
  };
  await expect(follow()).rejects.toMatchObject({ code: "internal" });
});

it("waits for a socket that is not there yet", async () => {
  await using engine = await dockerd((_, response) => response.end("OK"));
  const ready = untilAnswering(engine.socket, AbortSignal.timeout(10_000));
  await engine.listen();
  await ready;
});

it("gives up waiting with its signal", async () => {
  await using engine = await dockerd(() => {});
  const reason = new Error("enough");
  await expect(untilAnswering(engine.socket, AbortSignal.abort(reason))).rejects.toBe(reason);
});
