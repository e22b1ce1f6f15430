import { createSocket } from "node:dgram";
import { once } from "node:events";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { EchoConnection, echoServer } from "../support/connection.ts";
import { Engine } from "../support/engine.ts";
import { bareInstance, hostPortOf } from "../support/instance.ts";
import { World } from "../support/world.ts";

/** On this host's loopback, out of the way of any name server it has. */
const nameServer = "127.53.53.53";

let world: World;
beforeAll(async () => {
  world = await World.start({ config: { docker: { dns: [nameServer] } } });
});
afterAll(() => world?.end());

describe("an instance", () => {
  it("cannot reach another one's containers, neither by their addresses nor by their published ports", async () => {
    const one = await bareInstance(world, "one");
    const two = await bareInstance(world, "two");
    await one.engine.run({ name: "prober" });
    await two.engine.json("POST", "/networks/create", {
      Name: "own",
      IPAM: { Config: [{ Subnet: "172.31.77.0/24" }] },
    });
    await two.engine.run({ name: "secret", command: echoServer(7000), publish: ["7401:7000"], network: "own" });
    await world.client.instances.refreshPorts(two.name);
    using connection = await EchoConnection.open(world, await hostPortOf(world, two.name, 7401));
    expect(await connection.say("from the host")).toBe("from the host");

    const { target_ip } = await world.client.instances.ports(two.name);
    const knock = async (address: string, port: number) =>
      (await one.engine.exec("prober", "sh", "-c", `echo knock | /bin/busybox nc -w 1 ${address} ${port}`)).output;
    expect(await knock("172.31.77.2", 7000)).not.toContain("knock");
    expect(await knock(target_ip, 7401)).not.toContain("knock");
    await one.engine.run({ name: "own", command: echoServer(7000), publish: ["7402:7000"] });
    const { target_ip: own } = await world.client.instances.ports(one.name);
    expect(await knock(own, 7402)).toContain("knock");
  });

  it("sees nothing of another one's Docker, with the same names and addresses inside", async () => {
    const [left, right] = [await bareInstance(world, "left"), await bareInstance(world, "right")];
    await left.engine.run({ name: "web" });
    await right.engine.run({ name: "web" });
    expect(await left.engine.address("web")).toBe(await right.engine.address("web"));
    await left.engine.remove("web");
    expect(await left.engine.containers()).toEqual([]);
    expect(await right.engine.containers()).toEqual(["web"]);
  });

  it("clears away nothing of its source's when it begins as a clone", async () => {
    const { name, engine } = await bareInstance(world, "source");
    await engine.run({ name: "web", restart: "always" });
    const before = await engine.state("web");
    await world.client.instances.snapshot(name, { label: "s" });
    const clone = world.name("clone");
    await world.client.instances.clone(name, { label: "s", new_name: clone });
    await (await Engine.of(world, clone)).remove("web");
    expect(await engine.state("web")).toEqual(before);
    // Needs the files of the running container, which the clone's engine knew by path.
    expect(await engine.exec("web", "echo", "whole")).toEqual({ code: 0, output: "whole\n" });
    await engine.stop("web");
    await engine.start("web");
    expect((await engine.state("web")).Running).toBe(true);
  });

  it("looks names up with a server on the host's loopback", async () => {
    const server = createSocket("udp4");
    server.on("message", (question, from) => server.send(answerTo(question), from.port, from.address));
    server.bind(53, nameServer);
    await once(server, "listening");
    try {
      const { engine } = await bareInstance(world, "names");
      await engine.run({ name: "asker" });
      const { output } = await engine.exec("asker", "nslookup", "-type=a", "service.example");
      expect(output).toContain("10.9.8.7");
      expect((await engine.exec("asker", "cat", "/etc/resolv.conf")).output).toMatch(/^nameserver 10\./m);
    } finally {
      server.close();
    }
  });
});

describe("limits", () => {
  it("end what takes more memory, and nothing else", async () => {
    const name = world.name("memory");
    await world.client.instances.create({ name, limits: { memory: 320 * 1024 * 1024 } });
    const engine = await Engine.of(world, name);
    await engine.run({ name: "modest" });
    const { code } = await engine.exec("modest", "dd", "if=/dev/zero", "of=/dev/null", "bs=600M", "count=1");
    expect(code).toBe(137);
    expect((await engine.state("modest")).Running).toBe(true);
    expect(await world.client.instances.get(name)).toMatchObject({
      status: "running",
      limits: { memory: 320 * 1024 * 1024 },
    });
  });

  it("stop a flood of processes, and go over to clones", async () => {
    const name = world.name("pids");
    await world.client.instances.create({ name, limits: { pids: 200 } });
    await (await Engine.of(world, name)).run({ name: "box", restart: "always" });
    await world.client.instances.snapshot(name, { label: "s" });
    const clone = world.name("pids2");
    await world.client.instances.clone(name, { label: "s", new_name: clone });
    for (const instance of [name, clone]) {
      const engine = await Engine.of(world, instance);
      const flood = "for i in $(/bin/busybox seq 300); do /bin/busybox sleep 1000 & done; echo all of them";
      const { output } = await engine.exec("box", "sh", "-c", flood);
      expect(output).toContain("Resource temporarily unavailable");
      expect(output).not.toContain("all of them");
    }
    await world.client.instances.delete(clone);
    await world.client.instances.delete(name);
  });
});

/** The question with one answer to it: the address 10.9.8.7. */
function answerTo(question: Buffer): Buffer {
  const header = Buffer.from(question.subarray(0, 12));
  header.writeUInt16BE(0x8180, 2);
  header.writeUInt16BE(1, 6);
  header.writeUInt32BE(0, 8);
  // A name, of labels with their lengths, ends in a zero; type and class follow.
  const end = question.indexOf(0, 12) + 5;
  const answer = Buffer.from([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 10, 9, 8, 7]);
  return Buffer.concat([header, question.subarray(12, end), answer]);
}
