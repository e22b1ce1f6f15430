import { createSocket } from "node:dgram";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { dirname } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { cli } from "../support/cli.ts";
import { EchoConnection, echoServer, pageOn } from "../support/connection.ts";
import { eventOf } from "../support/events.ts";
import { bareInstance, hostPortOf } from "../support/instance.ts";
import { World } from "../support/world.ts";

let world: World;
beforeAll(async () => {
  world = await World.start();
});
afterAll(() => world?.end());

/** The words of a container that serves one line over HTTP. */
const page = (line: string) => [
  "sh",
  "-c",
  `/bin/busybox mkdir -p /www; echo ${line} > /www/index.html; exec /bin/busybox httpd -f -p 80 -h /www`,
];

it("keeps an instance's host ports over stop, start, revert and a restart of the daemon", async () => {
  const { name, engine } = await bareInstance(world, "stable");
  await engine.run({ name: "web", command: page("stable"), publish: ["7101:80", "7102:80"], restart: "always" });
  const first = await world.client.instances.refreshPorts(name);
  expect(first.ports.map(({ container_port }) => container_port)).toEqual([7101, 7102]);
  await world.client.instances.snapshot(name, { label: "s" });

  const unchanged = async () => {
    expect(await world.client.instances.ports(name)).toEqual(first);
    for (const { host_port } of first.ports) expect(await pageOn(world, host_port)).toBe("stable");
  };
  await world.client.instances.stop(name);
  expect((await world.client.instances.ports(name)).ports).toEqual([]);
  await world.client.instances.start(name);
  await unchanged();
  await engine.remove("web");
  await world.client.instances.revert(name, { label: "s" });
  await unchanged();
  await world.restartDaemon();
  await unchanged();
});

it("forwards UDP there and back", async () => {
  const { name, engine } = await bareInstance(world, "udp");
  // busybox has no UDP server, so this host's Node runs in the container, with the libraries it needs.
  const folders = ["/usr", "/lib", "/lib64", dirname(process.execPath)].filter((folder) => existsSync(folder));
  await engine.run({
    name: "udp",
    entrypoint: process.execPath,
    command: [
      "-e",
      "const s = require('node:dgram').createSocket('udp4'); s.on('message', (m, r) => s.send(m, r.port, r.address)); s.bind(53, () => require('node:fs').writeFileSync('/ready', ''))",
    ],
    publish: ["7103:53/udp"],
    volumes: [...new Set(folders)].map((folder) => `${folder}:${folder}:ro`),
  });
  await expect.poll(async () => (await engine.exec("udp", "ls", "/ready")).code, { timeout: 20_000 }).toBe(0);
  const { ports } = await world.client.instances.refreshPorts(name);
  expect(ports).toMatchObject([{ protocol: "udp", container_port: 7103, in_container_port: 53 }]);

  const socket = createSocket("udp4");
  try {
    const answer = once(socket, "message", { signal: AbortSignal.timeout(10_000) });
    socket.send("over UDP", ports[0]?.host_port ?? 0, world.address);
    expect(String((await answer)[0])).toBe("over UDP");
  } finally {
    socket.close();
  }
});

it("shows a range of ports as one row with the container's name, and each number once by -o name", async () => {
  const { name, engine } = await bareInstance(world, "range");
  const publish = Array.from({ length: 20 }, (_, index) => `${7120 + index}:${80 + index}`).flatMap((one) => [
    `${one}/tcp`,
    `${one}/udp`,
  ]);
  await engine.run({ name: "many", command: page("range"), publish });
  const { ports } = await world.client.instances.refreshPorts(name);
  expect(ports).toHaveLength(40);
  expect(new Set(ports.map(({ container }) => container))).toEqual(new Set(["many"]));
  const rows = (await cli(world, "ports", name)).stdout.split("\n").filter((line) => line.includes("many"));
  expect(rows).toEqual([
    expect.stringMatching(/^7120-7139 +80-99\/tcp +many$/),
    expect.stringMatching(/^7120-7139 +80-99\/udp +many$/),
  ]);
  const numbers = (await cli(world, "ports", name, "-o", "name")).stdout.trim().split("\n");
  expect(numbers).toEqual(Array.from({ length: 20 }, (_, index) => String(7120 + index)));
});

it("reaches what is published on 127.0.0.1 inside an instance", async () => {
  const { name, engine } = await bareInstance(world, "inner");
  await engine.run({ name: "web", command: page("inner"), publish: ["127.0.0.1:7104:80"] });
  await world.client.instances.refreshPorts(name);
  expect(await pageOn(world, await hostPortOf(world, name, 7104))).toBe("inner");
});

it("reaches what is published on [::1] at the [::1] of this host and nowhere else, after a revert and the daemon's end too", async () => {
  const { name, engine } = await bareInstance(world, "six");
  await engine.run({ name: "web", command: page("six"), publish: ["[::1]:7109:80"], restart: "always" });
  const { ports, problems, target_ip: link } = await world.client.instances.refreshPorts(name);
  expect(ports).toMatchObject([{ container_port: 7109, loopback: true, ipv6_loopback: "only" }]);
  expect(problems).toBeUndefined();
  const [{ host_port: port } = { host_port: 0 }] = ports;
  expect((await cli(world, "ports", name)).stdout).toContain(`${port} ([::1])`);
  const onIpv6 = () => pageOn({ address: "[::1]" }, port).catch(String);
  const answers = () => expect.poll(onIpv6, { timeout: 30_000 }).toBe("six");
  await answers();
  for (const address of [world.address, "127.0.0.1"]) {
    await expect(EchoConnection.open({ address }, port)).rejects.toThrow("ECONNREFUSED");
  }
  await expect(EchoConnection.open({ address: link }, 7109)).rejects.toThrow("ECONNREFUSED");

  await world.client.instances.snapshot(name, { label: "s" });
  await engine.remove("web");
  await world.client.instances.refreshPorts(name);
  expect(await onIpv6()).toContain("fetch failed");
  await world.client.instances.revert(name, { label: "s" });
  await answers();
  await world.killDaemon();
  await expect.poll(onIpv6, { timeout: 30_000 }).toContain("fetch failed");
  await world.startDaemon();
  await answers();
  expect((await world.client.instances.ports(name)).ports).toMatchObject([{ host_port: port }]);
  await world.client.instances.delete(name);
  expect(await onIpv6()).toContain("fetch failed");
});

it("gives two instances that publish the same port two host ports and tells which one was asked for", async () => {
  const one = await bareInstance(world, "same1");
  const two = await bareInstance(world, "same2");
  for (const { name, engine } of [one, two]) {
    await engine.run({ name: "web", command: page(name), publish: ["7105:80"] });
    await world.client.instances.refreshPorts(name);
  }
  const ports = [await hostPortOf(world, one.name, 7105), await hostPortOf(world, two.name, 7105)];
  expect(new Set(ports).size).toBe(2);
  expect(await Promise.all(ports.map((port) => pageOn(world, port)))).toEqual([one.name, two.name]);
  const { ports: second } = await world.client.instances.ports(two.name);
  expect(second).toMatchObject([{ host_port: ports[1], container_port: 7105, requested_host_port: 7105 }]);
});

it("follows containers by itself: a forward comes with a published port and goes with it", async () => {
  const { name, engine } = await bareInstance(world, "follows");
  const changed = ({ type, instance }: { type: string; instance?: string | undefined }) =>
    type === "ports.changed" && instance === name;
  await eventOf(world, changed, () =>
    engine.run({ name: "echoer", command: echoServer(7000), publish: ["7106:7000"] }),
  );
  const port = await hostPortOf(world, name, 7106);
  using connection = await EchoConnection.open(world, port);
  expect(await connection.say("hello")).toBe("hello");

  await eventOf(world, changed, () => engine.remove("echoer"));
  expect((await world.client.instances.ports(name)).ports).toEqual([]);
  await expect(EchoConnection.open(world, port)).rejects.toThrow("ECONNREFUSED");
});

it("looks again when it is asked to, and refuses that for an instance that is down", async () => {
  const { name, engine } = await bareInstance(world, "asked");
  await engine.run({ name: "web", command: page("asked"), publish: ["7107:80"] });
  expect((await world.client.instances.refreshPorts(name)).ports).toMatchObject([{ container_port: 7107 }]);
  await world.client.instances.stop(name);
  await expect(world.client.instances.refreshPorts(name)).rejects.toMatchObject({
    code: "invalid_request",
    message: `Instance '${name}' is not running. Start it with 'dockersnap start ${name}'.`,
  });
});

it("names a port by the container's label for it", async () => {
  const { name, engine } = await bareInstance(world, "labels");
  await engine.run({
    name: "web",
    command: page("x"),
    publish: ["7108:80"],
    labels: { "dockersnap.port.80": "front" },
  });
  expect((await world.client.instances.refreshPorts(name)).ports).toMatchObject([{ description: "front" }]);
});
