import { describe, expect, it } from "vitest";
import { chooseResolver } from "../../src/netns/resolver.ts";

const hostEnd = "10.10.0.1";

function choose(host: string, more: { configured?: readonly string[]; upstream?: string } = {}) {
  const { text, stub, unreachable } = chooseResolver({ configured: [], upstream: "", ...more, host, hostEnd });
  return { lines: text.split("\n").filter((line) => line !== "" && !line.startsWith("#")), stub, unreachable };
}

describe("an instance's resolv.conf", () => {
  it("names the host's servers, with its search list and options", () => {
    expect(
      choose("# by hand\nnameserver 192.0.2.53\nsearch lan example.com\noptions ndots:2\nnameserver 192.0.2.54\n"),
    ).toEqual({
      lines: ["nameserver 192.0.2.53", "nameserver 192.0.2.54", "search lan example.com", "options ndots:2"],
      stub: undefined,
      unreachable: false,
    });
  });

  it("leaves out a local stub when the host has other servers too", () => {
    expect(choose("nameserver 127.0.0.1\nnameserver 192.0.2.53\n").lines).toEqual(["nameserver 192.0.2.53"]);
  });

  it.each([
    ["nameserver 127.0.0.53\n", "127.0.0.53"],
    ["nameserver 127.0.1.1\n", "127.0.1.1"],
    ["nameserver ::1\n", "127.0.0.1"],
    ["", "127.0.0.1"],
    ["nameserver not-an-address\n", "127.0.0.1"],
  ])("leads %j to the host's loopback by the host's end of the link", (host, stub) => {
    expect(choose(host)).toEqual({ lines: [`nameserver ${hostEnd}`], stub, unreachable: false });
  });

  it("names what the stub asks where the host tells, unless that is a stub as well", () => {
    const stub = "nameserver 127.0.0.53\n";
    expect(choose(stub, { upstream: "nameserver 192.0.2.53\n" }).lines).toEqual(["nameserver 192.0.2.53"]);
    expect(choose(stub, { upstream: "nameserver 127.0.0.1\n" }).stub).toBe("127.0.0.53");
  });

  it("names the configured servers and no other", () => {
    const host = "nameserver 127.0.0.53\nsearch lan\n";
    const upstream = "nameserver 192.0.2.53\n";
    expect(choose(host, { configured: ["203.0.113.1"], upstream }).lines).toEqual([
      "nameserver 203.0.113.1",
      "search lan",
    ]);
    expect(choose(host, { configured: ["127.0.0.1"], upstream }).stub).toBe("127.0.0.1");
  });

  it("says so when only IPv6 servers are there", () => {
    expect(choose("nameserver 2001:db8::53\nnameserver fe80::1%eth0\n")).toEqual({
      lines: ["nameserver 2001:db8::53", "nameserver fe80::1%eth0"],
      stub: undefined,
      unreachable: true,
    });
  });
});
