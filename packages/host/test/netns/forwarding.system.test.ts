import { describe, expect, it } from "vitest";
import { PrivateHost } from "./private-host.ts";
import { forward, spec } from "./specs.ts";

const web = spec("web");

/** A host 192.0.2.1 with a neighbour 192.0.2.9, and an instance that serves both protocols on port 80. */
async function hostWithWeb(options: Parameters<typeof PrivateHost.start>[0] = {}): Promise<PrivateHost> {
  const host = await PrivateHost.start(options);
  await host.addNeighbour("lan", "192.0.2.1", "192.0.2.9");
  await host.network.create(web);
  await host.serve("web", "tcp", "0.0.0.0", 80, { inside: "ds-web" });
  await host.serve("web", "udp", "0.0.0.0", 80, { inside: "ds-web" });
  return host;
}

describe.each(["tcp", "udp"] as const)("a forwarded %s port", (protocol) => {
  it("answers clients on the host, at its loopback and at its own addresses", async () => {
    await using host = await hostWithWeb();
    await host.network.setForwards(web, [forward(8080, 80, { protocol })]);
    expect(await host.ask(protocol, "127.0.0.1", 8080)).toBe("web 10.10.0.1 hello");
    expect(await host.ask(protocol, "192.0.2.1", 8080)).toBe("web 192.0.2.1 hello");
  });

  it("answers a client of the network, and the instance sees its address", async () => {
    await using host = await hostWithWeb();
    await host.network.setForwards(web, [forward(8080, 80, { protocol })]);
    expect(await host.ask(protocol, "192.0.2.1", 8080, { inside: "lan" })).toBe("web 192.0.2.9 hello");
  });

  it("answers the instance itself and its siblings at the host's address", async () => {
    await using host = await hostWithWeb();
    await host.network.create(spec("db", 1));
    await host.network.setForwards(web, [forward(8080, 80, { protocol })]);
    expect(await host.ask(protocol, "192.0.2.1", 8080, { inside: "ds-web" })).toBe("web 10.10.0.1 hello");
    expect(await host.ask(protocol, "192.0.2.1", 8080, { inside: "ds-db" })).toBe("web 10.10.0.1 hello");
  });

  it("reaches a port published on the instance's loopback from the host's, and from nowhere else", async () => {
    await using host = await hostWithWeb();
    for (const port of [5432, 5433])
      await host.serve(`local${port}`, protocol, "127.0.0.1", port, { inside: "ds-web" });
    await host.network.setForwards(web, [
      forward(8080, 5432, { protocol, loopback: true }),
      forward(8081, 5433, { protocol }),
    ]);
    expect(await host.ask(protocol, "127.0.0.1", 8080)).toBe("local5432 10.10.0.1 hello");
    await host.network.create(spec("db", 1));
    for (const inside of ["lan", "ds-db", "ds-web"]) {
      const answer = await host.ask(protocol, "192.0.2.1", 8080, { inside, waitMs: 300 });
      expect(answer).toMatch(/^(ECONNREFUSED|ECONNRESET|nothing)$/);
    }
    expect(await host.ask(protocol, "127.0.0.1", 8081, { waitMs: 300 })).toMatch(/^(ECONNREFUSED|nothing)$/);
  });

  it("leads to the loopback for only as long as it is asked to", async () => {
    await using host = await hostWithWeb();
    await host.serve("local", protocol, "127.0.0.1", 5432, { inside: "ds-web" });
    await host.network.setForwards(web, [forward(8080, 5432, { protocol, loopback: true })]);
    await host.restart();
    await host.network.open();
    await host.network.setForwards(web, [forward(8081, 5432, { protocol })]);
    expect(await host.ask(protocol, "127.0.0.1", 8081, { waitMs: 300 })).toMatch(/^(ECONNREFUSED|nothing)$/);
  });
});

describe("forwarded ports", () => {
  it("keep their connections while others change and while the daemon restarts", async () => {
    await using host = await hostWithWeb();
    await host.network.setForwards(web, [forward(8080, 80), forward(8081, 80)]);
    const talk = host.talk("tcp", "192.0.2.1", 8080, { inside: "lan" });
    talk.say("one");
    expect(await talk.line()).toBe("web 192.0.2.9 one");
    await host.network.setForwards(web, [forward(8080, 80), forward(8082, 80)]);
    await host.restart();
    await host.network.open();
    await host.network.create(web);
    talk.say("two");
    expect(await talk.line()).toBe("web 192.0.2.9 two");
    expect(await host.ask("tcp", "127.0.0.1", 8080)).toBe("web 10.10.0.1 hello");
    expect(await host.ask("tcp", "127.0.0.1", 8082)).toBe("web 10.10.0.1 hello");
  });

  it("answer on a host that checks where packets come from strictly", async () => {
    await using host = await hostWithWeb();
    for (const device of ["all", "ve-web", "lan"]) {
      await host.run(["tee", `/proc/sys/net/ipv4/conf/${device}/rp_filter`], { input: "1" });
    }
    await host.network.setForwards(web, [forward(8080, 80)]);
    expect(await host.ask("tcp", "127.0.0.1", 8080)).toBe("web 10.10.0.1 hello");
    expect(await host.ask("tcp", "192.0.2.1", 8080, { inside: "lan" })).toBe("web 192.0.2.9 hello");
  });

  it("leave the same port of other machines alone", async () => {
    await using host = await hostWithWeb();
    await host.addNeighbour("wan", "198.51.100.1", "198.51.100.9");
    await host.serve("wan", "tcp", "198.51.100.9", 8080, { inside: "wan" });
    await host.network.setForwards(web, [forward(8080, 80)]);
    expect(await host.ask("tcp", "198.51.100.9", 8080)).toBe("wan 198.51.100.1 hello");
    expect(await host.ask("tcp", "198.51.100.9", 8080, { inside: "lan" })).toBe("wan 192.0.2.9 hello");
    expect(await host.ask("tcp", "198.51.100.9", 8080, { inside: "ds-web" })).toBe("wan 198.51.100.1 hello");
  });

  it("come back on the next change after the whole ruleset was flushed", async () => {
    await using host = await hostWithWeb();
    await host.network.setForwards(web, [forward(8080, 80)]);
    await host.network.create(spec("db", 1));
    await host.network.setForwards(spec("db", 1), [forward(8081, 80)]);
    await host.run(["nft", "flush", "ruleset"]);
    // One instance's change brings everything back, not its own part alone.
    await host.network.setForwards(spec("db", 1), [forward(8081, 80), forward(8082, 80)]);
    expect(await host.ask("tcp", "127.0.0.1", 8080)).toBe("web 10.10.0.1 hello");
    expect((await host.network.report()).faults).toEqual([]);
    expect(await host.warnings()).toEqual([expect.stringContaining("nftables table is gone")]);
  });
});

describe("forwarded ports bound to one address of the host", () => {
  it("answer at that address and at no other", async () => {
    await using host = await hostWithWeb({ proxyBind: "192.0.2.1" });
    await host.addNeighbour("wan", "198.51.100.1", "198.51.100.9");
    await host.network.setForwards(web, [forward(8080, 80)]);
    expect(await host.ask("tcp", "192.0.2.1", 8080)).toBe("web 192.0.2.1 hello");
    expect(await host.ask("tcp", "192.0.2.1", 8080, { inside: "lan" })).toBe("web 192.0.2.9 hello");
    expect(await host.ask("tcp", "127.0.0.1", 8080)).toBe("ECONNREFUSED");
    await host.serve("local", "tcp", "127.0.0.1", 5432, { inside: "ds-web" });
    await host.network.setForwards(web, [forward(8080, 80), forward(8081, 5432, { loopback: true })]);
    expect(await host.ask("tcp", "127.0.0.1", 8081)).toBe("local 10.10.0.1 hello");
    expect(await host.ask("tcp", "192.0.2.1", 8081, { inside: "lan" })).toBe("ECONNREFUSED");
    expect(await host.ask("tcp", "192.0.2.1", 8081)).toBe("ECONNREFUSED");
    expect(await host.ask("tcp", "198.51.100.1", 8080, { inside: "wan" })).toBe("ECONNREFUSED");
  });

  it("answer the host alone when that is its loopback, whatever a neighbour sends", async () => {
    await using host = await hostWithWeb({ proxyBind: "127.0.0.1" });
    await host.network.setForwards(web, [forward(8080, 80)]);
    expect(await host.ask("tcp", "127.0.0.1", 8080)).toBe("web 10.10.0.1 hello");
    expect(await host.ask("tcp", "192.0.2.1", 8080, { inside: "lan" })).toBe("ECONNREFUSED");

    // A neighbour may send packets for 127.0.0.1, or for the instance's own address, straight to this host.
    await host.run(["ip", "address", "delete", "127.0.0.1/8", "dev", "lo"], { inside: "lan" });
    await host.run(["ip", "route", "add", "127.0.0.0/8", "via", "192.0.2.1"], { inside: "lan" });
    await host.run(["ip", "route", "add", "10.10.0.0/16", "via", "192.0.2.1"], { inside: "lan" });
    await host.run(["tee", "/proc/sys/net/ipv4/conf/eth0/route_localnet"], { inside: "lan", input: "1" });
    expect(await host.ask("tcp", "127.0.0.1", 8080, { inside: "lan", waitMs: 300 })).not.toContain("web");
    expect(await host.ask("tcp", "10.10.0.2", 80, { inside: "lan", waitMs: 300 })).toBe("nothing");
  });

  it("refuse an address that is not IPv4", async () => {
    await expect(PrivateHost.start({ proxyBind: "localhost" })).rejects.toMatchObject({ code: "invalid_request" });
  });
});
