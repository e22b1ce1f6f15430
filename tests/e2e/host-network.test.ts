import { execFileSync } from "node:child_process";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { connect, createServer, type Server } from "node:net";
import { dirname } from "node:path";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { cli } from "../support/cli.ts";
import { pageOn } from "../support/connection.ts";
import { bareInstance, hostPortOf } from "../support/instance.ts";
import { World } from "../support/world.ts";

/** On this host's loopback, out of the way of any name server it has; nobody listens there unless a test does. */
const [firstServer, nextServer] = ["127.53.54.1", "127.53.54.2"];

const within = { timeout: 30_000 };

let world: World;
beforeAll(async () => {
  world = await World.start({ config: { docker: { dns: [firstServer] } } });
});
afterAll(() => world?.end());

const run = (program: string, ...args: string[]) => execFileSync(program, args, { encoding: "utf8" });

/** The nftables table in which the instance's device is. */
function tableOf(name: string): string | undefined {
  const { nftables } = JSON.parse(run("nft", "-j", "list", "sets", "ip"));
  return nftables.find(({ set }: { set?: { name: string; elem?: unknown[] } }) => {
    return set?.name === "links" && JSON.stringify(set.elem ?? []).includes(`"${name}"`);
  })?.set.table;
}

/** The words of a container that serves one line over HTTP. */
const page = (line: string) => [
  "sh",
  "-c",
  `/bin/busybox mkdir -p /www; echo ${line} > /www/index.html; exec /bin/busybox httpd -f -p 80 -h /www`,
];

/** An instance with a page on a port, which leads there under this number on the host too. */
async function served(word: string, port: number) {
  const { name, engine } = await bareInstance(world, word);
  await engine.run({ name: "web", command: page(word), publish: [`${port}:80`], restart: "always" });
  await world.client.instances.refreshPorts(name);
  expect(await hostPortOf(world, name, port)).toBe(port);
  await expect.poll(() => pageOn(world, port).catch(String), within).toBe(word);
  return { name, engine };
}

/** What doctor says of something, a line each. */
async function doctorOn(subject: string): Promise<readonly string[]> {
  const { stdout } = await cli(world, "doctor", "--config", world.configFile);
  return stdout.split("\n").filter((line) => line.slice(5).startsWith(subject));
}

async function restored(what: string): Promise<number> {
  const metrics = await (await fetch(`${world.url}/metrics`)).text();
  return Number(new RegExp(`^dockersnap_host_restored_total\\{what="${what}"\\} (\\d+)$`, "m").exec(metrics)?.[1]);
}

/** A program of this host that listens; rejects where it cannot. */
async function listening(port: number, host = world.address): Promise<Server & AsyncDisposable> {
  const server = createServer((client) => client.end("a program of the host"));
  server.listen(port, host);
  await once(server, "listening");
  return server;
}

describe("the nftables table", () => {
  it("is put back whole when something deletes it; that is logged and counted, and doctor finds nothing wrong", async () => {
    const [one, two] = [await served("kept1", 7501), await served("kept2", 7502)];
    const before = await restored("table");
    run("nft", "delete", "table", "ip", tableOf(one.name) ?? "");

    await expect.poll(() => restored("table"), within).toBeGreaterThan(before);
    expect(await Promise.all([7501, 7502].map((port) => pageOn(world, port)))).toEqual(["kept1", "kept2"]);
    expect(tableOf(two.name)).toBe(tableOf(one.name));
    expect(world.logTail(5000)).toContain("something changed the host's network, and it was put right");
    await expect
      .poll(() => doctorOn("network: set-up"), within)
      .toEqual([expect.stringMatching(/^ok .* as it must be, for \d+ running instances$/)]);
    expect(await world.client.health()).toMatchObject({ network: { state: "ok", problems: [] } });
  });

  it("is no longer needed to keep the host's loopback closed; doctor tells that it is gone, the next daemon makes it", async () => {
    const { name } = await served("guarded", 7503);
    const table = tableOf(name) ?? "";
    const { target_ip } = await world.client.instances.ports(name);
    const device = JSON.parse(run("ip", "-json", "route", "get", target_ip))[0].dev;
    const inside = (...command: string[]) => run("nsenter", `--net=/run/netns/ds-${name}`, "--", ...command);
    const secret = createSocket("udp4");
    const heard: string[] = [];
    secret.on("message", (message) => heard.push(String(message)));
    secret.bind(0, "127.0.0.1");
    await once(secret, "listening");
    try {
      await world.killDaemon();
      run("nft", "delete", "table", "ip", table);
      expect(await doctorOn("network: set-up")).toContainEqual(
        expect.stringContaining("table of the daemon is missing"),
      );

      // With all privileges in there, packets for 127.0.0.1 are sent out over the link.
      const gateway = /default via (\S+)/.exec(inside("ip", "route"))?.[1] ?? "";
      inside("ip", "address", "delete", "127.0.0.1/8", "dev", "lo");
      inside("ip", "route", "add", "127.0.0.0/8", "via", gateway);
      inside("sh", "-c", "for each in /proc/sys/net/ipv4/conf/*/route_localnet; do echo 1 > $each; done");
      const send = (words: string) =>
        inside("bash", "-c", `echo ${words} > /dev/udp/127.0.0.1/${secret.address().port}`);
      send("guarded");
      // Without the guard it is open, so what was sent did arrive at the host; packets of one link keep their order.
      run("tc", "filter", "delete", "dev", device, "ingress");
      send("open");
      await expect.poll(() => heard.at(-1)?.trim(), within).toBe("open");
      expect(heard.join()).not.toContain("guarded");
    } finally {
      secret.close();
      await world.startDaemon();
    }
    await expect.poll(() => run("tc", "filter", "show", "dev", device, "ingress"), within).toContain("bpf");
    expect(tableOf(name)).toBe(table);
    await world.client.instances.delete(name);
  });
});

describe("a port of the host that leads to an instance", () => {
  it("is in use for every program of the host, until the container is gone", async () => {
    const { engine } = await served("holder", 7511);
    for (const host of [world.address, "0.0.0.0"]) {
      await expect(listening(7511, host)).rejects.toMatchObject({ code: "EADDRINUSE" });
    }
    expect(await pageOn(world, 7511)).toBe("holder");
    await engine.remove("web");
    const free = async () => {
      await using server = await listening(7511);
      return server.listening;
    };
    await expect.poll(() => free().catch(() => false), within).toBe(true);
  });

  it("is never forwarded over a program that took it while the instance was stopped; 'ports' and doctor say so", async () => {
    const { name } = await served("remembered", 7512);
    await world.client.instances.stop(name);
    await using _service = await listening(7512);
    await world.client.instances.start(name);

    const { ports, problems } = await world.client.instances.ports(name);
    const now = ports[0]?.host_port ?? 0;
    expect(now).not.toBe(7512);
    const sentence = `Port 7512 of the host is in use by another program, so it no longer leads to '${name}': what led there answers at ${now} now.`;
    expect(problems).toEqual([sentence]);
    await expect.poll(() => pageOn(world, now).catch(String), within).toBe("remembered");
    expect(await text(connect(7512, world.address))).toBe("a program of the host");
    expect((await cli(world, "ports", name)).stdout).toContain(`! ${sentence}\n`);
    expect((await cli(world, "status", name)).stdout).toContain(sentence);
    expect(await doctorOn(`ports of ${name}`)).toEqual([expect.stringContaining(sentence)]);
  });

  it("published over UDP on an IPv6 address alone is told of by 'ports' and doctor", async () => {
    const { name, engine } = await bareInstance(world, "six");
    await engine.run({ name: "web", command: page("six"), publish: ["[::1]:7513:80/udp"] });
    const { ports, problems } = await world.client.instances.refreshPorts(name);
    expect(ports).toEqual([]);
    expect(problems).toEqual([expect.stringContaining("published on ::1 alone, where only TCP is forwarded")]);
    expect((await cli(world, "ports", name)).stdout).toContain(problems?.[0]);
    expect(await doctorOn(`ports of ${name}`)).toEqual([expect.stringContaining(problems?.[0] ?? "")]);
  });
});

describe("a UDP client that keeps its socket", () => {
  it("reaches what its port leads to after a revert and a restart, though it sent all the while", async () => {
    const { name, engine } = await bareInstance(world, "udp");
    // busybox has no UDP server, so this host's Node runs in the container, with the libraries it needs.
    const folders = ["/usr", "/lib", "/lib64", dirname(process.execPath)].filter((folder) => existsSync(folder));
    const server =
      "const s = require('node:dgram').createSocket('udp4'); const id = require('node:crypto').randomUUID(); s.on('message', (m, r) => s.send(id, r.port, r.address)); s.bind(53)";
    await engine.run({
      name: "udp",
      entrypoint: process.execPath,
      command: ["-e", server],
      publish: ["7521:53/udp"],
      volumes: [...new Set(folders)].map((folder) => `${folder}:${folder}:ro`),
      restart: "always",
    });
    await world.client.instances.refreshPorts(name);
    const port = await hostPortOf(world, name, 7521);
    const answered: string[] = [];
    const socket = createSocket("udp4");
    socket.on("message", (id) => answered.push(String(id)));
    const sending = setInterval(() => socket.send("who", port, world.address), 100);
    const another = (...before: readonly (string | undefined)[]) =>
      expect.poll(() => answered.find((id) => !before.includes(id)), { timeout: 60_000 }).toBeDefined();
    try {
      await another();
      const [first] = answered;
      await world.client.instances.snapshot(name, { label: "s" });
      await world.client.instances.revert(name, { label: "s" });
      await another(first);
      const second = answered.at(-1);
      await world.client.instances.restart(name);
      await another(first, second);
    } finally {
      clearInterval(sending);
      socket.close();
    }
  });
});

describe("a container that runs", () => {
  it("asks other name servers as soon as the daemon goes by others", async () => {
    const { engine } = await bareInstance(world, "names");
    await engine.run({ name: "asker" });
    const { StartedAt } = await engine.state("asker");
    const asked: string[] = [];
    const servers = [firstServer, nextServer].map((address) => {
      const server = createSocket("udp4");
      server.on("message", () => asked.push(address));
      server.bind(53, address);
      return server;
    });
    try {
      await Promise.all(servers.map((server) => once(server, "listening")));
      // It gets no answer: who is asked is all that counts.
      const look = () => engine.exec("asker", "timeout", "2", "/bin/busybox", "nslookup", "service.example");
      await look();
      expect(new Set(asked)).toEqual(new Set([firstServer]));
      await world.stopDaemon();
      world.writeConfig({ docker: { dns: [nextServer] } });
      await world.startDaemon();
      asked.length = 0;
      await look();
      expect(new Set(asked)).toEqual(new Set([nextServer]));
      expect((await engine.state("asker")).StartedAt).toBe(StartedAt);
    } finally {
      for (const server of servers) server.close();
    }
  });
});
