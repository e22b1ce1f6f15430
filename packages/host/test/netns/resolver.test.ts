import { describe, expect, it } from "vitest";
import { chooseResolver } from "../../src/netns/resolver.ts";

const hostEnd = "10.10.0.1";

function choose(host: string, more: { configured?: readonly string[]; upstream?: string } = {}) {
  const { text, leads, stub, unreachable } = chooseResolver({ configured: [], upstream: "", ...more, host, hostEnd });
  const lines = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  return { lines, servers: leads.map(({ server }) => server), stub, unreachable };
}

describe("an instance's resolv.conf", () => {
  it("names addresses of the instance's own that lead to the host's servers, with its search list and options", () => {
    const host = "# by hand\nnameserver 192.0.2.53\nsearch lan example.com\noptions ndots:2\nnameserver 192.0.2.54\n";
    expect(choose(host)).toEqual({
      lines: ["nameserver 10.10.0.1", "nameserver 10.10.0.4", "search lan example.com", "options ndots:2"],
      servers: ["192.0.2.53", "192.0.2.54", "192.0.2.54"],
      stub: undefined,
      unreachable: false,
    });
  });

  it("leads each of its addresses somewhere, for containers that started while the host had more servers", () => {
    const servers = ["192.0.2.53", "192.0.2.54", "192.0.2.55", "192.0.2.56"];
    const three = choose(servers.map((server) => `nameserver ${server}\n`).join(""));
    expect(three.lines).toEqual(["nameserver 10.10.0.1", "nameserver 10.10.0.4", "nameserver 10.10.0.5"]);
    expect(three.servers).toEqual(servers.slice(0, 3));
    expect(choose("nameserver 192.0.2.57\n").servers).toEqual(["192.0.2.57", "192.0.2.57", "192.0.2.57"]);
  });

  it("leaves out a local stub when the host has other servers too", () => {
    expect(choose("nameserver 127.0.0.1\nnameserver 192.0.2.53\n").servers[0]).toBe("192.0.2.53");
  });

  it.each([
    ["nameserver 127.0.0.53\n", "127.0.0.53"],
    ["nameserver 127.0.1.1\n", "127.0.1.1"],
    ["nameserver ::1\n", "127.0.0.1"],
    ["", "127.0.0.1"],
    ["nameserver not-an-address\n", "127.0.0.1"],
  ])("leads %j to the host's loopback by the host's end of the link", (host, stub) => {
    expect(choose(host)).toEqual({
      lines: [`nameserver ${hostEnd}`],
      servers: [stub, stub, stub],
      stub,
      unreachable: false,
    });
  });

  it("leads to what the stub asks where the host tells, unless that is a stub as well", () => {
    const stub = "nameserver 127.0.0.53\n";
    expect(choose(stub, { upstream: "nameserver 192.0.2.53\n" }).servers[0]).toBe("192.0.2.53");
    expect(choose(stub, { upstream: "nameserver 127.0.0.1\n" }).stub).toBe("127.0.0.53");
  });

  it("leads to the configured servers and no other", () => {
    const host = "nameserver 127.0.0.53\nsearch lan\n";
    const upstream = "nameserver 192.0.2.53\n";
    const chosen = choose(host, { configured: ["203.0.113.1"], upstream });
    expect(chosen.lines).toEqual([`nameserver ${hostEnd}`, "search lan"]);
    expect(new Set(chosen.servers)).toEqual(new Set(["203.0.113.1"]));
    expect(choose(host, { configured: ["127.0.0.1"], upstream }).stub).toBe("127.0.0.1");
  });

  it("says so when only IPv6 servers are there, and leads nowhere until there are others", () => {
    expect(choose("nameserver 2001:db8::53\nnameserver fe80::1%eth0\n")).toEqual({
      lines: [`nameserver ${hostEnd}`],
      servers: [],
      stub: undefined,
      unreachable: true,
    });
  });
});
