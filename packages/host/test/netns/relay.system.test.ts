import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { PrivateHost } from "./private-host.ts";
import { forward, spec } from "./specs.ts";

const web = spec("web");
const within = { timeout: 30_000 };

const relayed = (hostPort: number, targetPort: number) =>
  forward(hostPort, targetPort, { loopback: true, relayTo: targetPort });

/** A host with an instance that serves on its ::1 alone, port 80, and its relay from port 8080. */
async function hostWithRelay(): Promise<PrivateHost> {
  const host = await PrivateHost.start();
  await host.addNeighbour("lan", "192.0.2.1", "192.0.2.9");
  await host.network.create(web);
  await host.serve("web", "tcp", "::1", 80, { inside: "ds-web" });
  await host.network.setForwards(web, [relayed(8080, 80)]);
  return host;
}

/** The processes that relay. */
async function relays(host: PrivateHost): Promise<readonly number[]> {
  return (await host.children())
    .filter((line) => / perl -e use strict/.test(line))
    .map((line) => Number.parseInt(line, 10));
}

function isThere(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

it("is reached at ::1 of the host, and nowhere else", async () => {
  await using host = await hostWithRelay();
  expect(await host.ask("tcp", "::1", 8080)).toBe("web ::1 hello");
  expect(await host.ask("tcp", "127.0.0.1", 8080)).toBe("ECONNREFUSED");
  expect(await host.ask("tcp", "192.0.2.1", 8080)).toBe("ECONNREFUSED");
  expect(await host.ask("tcp", "192.0.2.1", 8080, { inside: "lan" })).toBe("ECONNREFUSED");
  expect(await host.ask("tcp", "10.10.0.2", 80, { waitMs: 1_000 })).toBe("ECONNREFUSED");
  expect(await host.ask("tcp", "::1", 8080, { inside: "ds-web" })).toBe("ECONNREFUSED");
  expect((await host.network.report()).faults).toEqual([]);
});

it("is reached at the addresses of IPv4 too where both are asked for", async () => {
  await using host = await hostWithRelay();
  await host.serve("four", "tcp", "127.0.0.1", 80, { inside: "ds-web" });
  await host.network.setForwards(web, [relayed(8080, 80), forward(8080, 80, { loopback: true })]);
  expect(await host.ask("tcp", "::1", 8080)).toBe("web ::1 hello");
  expect(await host.ask("tcp", "127.0.0.1", 8080)).toBe("four 10.10.0.1 hello");
});

it("passes a megabyte each way on fifty connections at once, as it comes", { timeout: 90_000 }, async () => {
  await using host = await hostWithRelay();
  await host.serve("", "stream", "::1", 81, { inside: "ds-web" });
  await host.network.setForwards(web, [relayed(8081, 81)]);
  expect(await host.megabytes("::1", 8081, 50)).toBe(50);
});

it("passes the end of one direction on while the other goes on", { timeout: 90_000 }, async () => {
  await using host = await hostWithRelay();
  await host.serve("", "whole", "::1", 81, { inside: "ds-web" });
  await host.network.setForwards(web, [relayed(8081, 81)]);
  expect(await host.megabytes("::1", 8081, 3)).toBe(3);
});

it("serves more connections than it has room for, one after the other", { timeout: 90_000 }, async () => {
  await using host = await hostWithRelay();
  await host.serve("", "stream", "::1", 81, { inside: "ds-web" });
  await host.network.setForwards(web, [relayed(8081, 81)]);
  expect(await host.megabytes("::1", 8081, 300)).toBe(300);
});

it("resets a connection where nothing listens in the instance, and serves the next", async () => {
  await using host = await hostWithRelay();
  await host.network.setForwards(web, [relayed(8080, 80), relayed(8081, 81)]);
  expect(await host.ask("tcp", "::1", 8081)).toMatch(/^(ECONNRESET|EPIPE|nothing)$/);
  await host.serve("late", "tcp", "::1", 81, { inside: "ds-web" });
  expect(await host.ask("tcp", "::1", 8081)).toBe("late ::1 hello");
});

it("keeps its connections while other ports change, and the port from programs of the host", async () => {
  await using host = await hostWithRelay();
  const talk = host.talk("tcp", "::1", 8080);
  talk.say("one");
  expect(await talk.line()).toBe("web ::1 one");
  await host.network.setForwards(web, [relayed(8080, 80), forward(8082, 80)]);
  talk.say("two");
  expect(await talk.line()).toBe("web ::1 two");
  expect(await host.tryToListen("::1", 8080)).toBe("EADDRINUSE");
  expect(await host.network.hostPortTaken(8080, "tcp")).toBe(true);
});

it("ends with the forward, and the port is free", async () => {
  await using host = await hostWithRelay();
  const [pid = 0] = await relays(host);
  await host.network.setForwards(web, []);
  expect(await host.tryToListen("::1", 8080)).toBe("free");
  expect(isThere(pid)).toBe(false);
  await host.network.setForwards(web, [relayed(8080, 80)]);
  await host.network.remove("web");
  expect(await host.tryToListen("::1", 8080)).toBe("free");
  expect(await relays(host)).toEqual([]);
});

it("is refused where a program of the host has the port", async () => {
  await using host = await hostWithRelay();
  await host.serve("host", "tcp", "::1", 8083);
  await expect(host.network.setForwards(web, [relayed(8083, 80)])).rejects.toMatchObject({ code: "already_exists" });
  expect(await host.network.hold("web", relayed(8083, 80))).toBe(false);
  expect(await host.ask("tcp", "::1", 8083)).toBe("host ::1 hello");
});

it("goes on under the instance's new name", async () => {
  await using host = await hostWithRelay();
  await host.network.rename("web", spec("shop"));
  expect(await host.ask("tcp", "::1", 8080)).toBe("web ::1 hello");
  await host.network.setForwards(spec("shop"), []);
  expect(await host.tryToListen("::1", 8080)).toBe("free");
});

it("is started anew when it is killed, in the namespace as it is called then, and that is told", async () => {
  await using host = await hostWithRelay();
  await host.network.keep(() => undefined);
  await host.network.rename("web", spec("shop"));
  const [pid = 0] = await relays(host);
  process.kill(pid, "SIGKILL");
  await expect.poll(() => host.ask("tcp", "::1", 8080), within).toBe("web ::1 hello");
  expect(await host.warnings()).toContain("a program that relays a port to an instance ended");
  await expect.poll(() => host.restored(), within).toContain("port");
  expect((await host.network.report()).faults).toEqual([]);
});

it("has no rights on the host, and ends with the daemon", async () => {
  const host = await hostWithRelay();
  const [pid = 0] = await relays(host);
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  expect(status).toMatch(/^Uid:\t65534\t65534\t65534\t65534$/m);
  expect(status).toMatch(/^Gid:\t65534\t65534\t65534\t65534$/m);
  expect(status).toMatch(/^CapPrm:\t0+$/m);
  expect(status).toMatch(/^NoNewPrivs:\t1$/m);
  await host[Symbol.asyncDispose]();
  await expect.poll(() => isThere(pid), within).toBe(false);
});

it("is told of where the host has no ::1", async () => {
  await using host = await hostWithRelay();
  await host.network.setForwards(web, []);
  await host.run(["tee", "/proc/sys/net/ipv6/conf/all/disable_ipv6"], { input: "1" });
  await host.network.setForwards(web, [relayed(8080, 80)]);
  expect((await host.network.report()).faults).toEqual([
    {
      what: "port",
      instance: "web",
      message: expect.stringMatching(
        /^The port tcp \[::1\]:8080 cannot lead to instance 'web': this host has no address ::1\.$/,
      ),
    },
  ]);
});
