import { describe, expect, it } from "vitest";
import { PrivateHost } from "./private-host.ts";
import { forward, spec } from "./specs.ts";

async function hostWithTwo(): Promise<PrivateHost> {
  const host = await PrivateHost.start();
  await host.addNeighbour("lan", "192.0.2.1", "192.0.2.9");
  await host.network.create(spec("web", 0));
  await host.network.create(spec("db", 1));
  return host;
}

describe("an instance", () => {
  it("reaches the host's network, which sees the host's address", async () => {
    await using host = await hostWithTwo();
    await host.serve("lan", "tcp", "192.0.2.9", 80, { inside: "lan" });
    expect(await host.ask("tcp", "192.0.2.9", 80, { inside: "ds-web" })).toBe("lan 192.0.2.1 hello");
  });

  it("reaches no other instance at its own address", async () => {
    await using host = await hostWithTwo();
    await host.serve("db", "tcp", "0.0.0.0", 80, { inside: "ds-db" });
    await host.network.setForwards(spec("db", 1), [forward(8080, 80)]);
    expect(await host.ask("tcp", "10.11.0.2", 80)).toBe("db 10.11.0.1 hello");
    expect(await host.ask("tcp", "10.11.0.2", 80, { inside: "ds-web", waitMs: 300 })).toBe("nothing");
  });

  it("is not reached at its own address from the host's network", async () => {
    await using host = await hostWithTwo();
    await host.serve("web", "tcp", "0.0.0.0", 80, { inside: "ds-web" });
    expect(await host.ask("tcp", "10.10.0.2", 80, { inside: "lan", waitMs: 300 })).toBe("nothing");
  });

  it("does not reach what listens on the host's loopback, with all its privileges", async () => {
    await using host = await hostWithTwo();
    await host.serve("secret", "udp", "127.0.0.1", 9000);
    const inside = "ds-web";
    // Send packets for 127.0.0.1 out over the link.
    await host.run(["ip", "address", "delete", "127.0.0.1/8", "dev", "lo"], { inside });
    await host.run(["ip", "route", "add", "127.0.0.0/8", "via", "10.10.0.1"], { inside });
    await host.run(["tee", "/proc/sys/net/ipv4/conf/veth0/route_localnet"], { inside, input: "1" });
    expect(await host.ask("udp", "127.0.0.1", 9000, { inside, waitMs: 300 })).not.toContain("secret");
    // Each of the two guards alone is enough.
    await host.run(["tc", "filter", "delete", "dev", "ve-web", "ingress"]);
    expect(await host.ask("udp", "127.0.0.1", 9000, { inside, waitMs: 300 })).not.toContain("secret");
    await expect.poll(() => dropped(host, "ip daddr 127.0.0.0/8"), { timeout: 10_000 }).toBeGreaterThan(0);
    await host.network.create(spec("web", 0));
    await host.run(["nft", "flush", "ruleset"]);
    expect(await host.ask("udp", "127.0.0.1", 9000, { inside, waitMs: 300 })).not.toContain("secret");
    await host.run(["tc", "filter", "delete", "dev", "ve-web", "ingress"]);
    // Without either it is open, so the packets did arrive.
    expect(await host.ask("udp", "127.0.0.1", 9000, { inside })).toContain("secret");
  });

  it.each([
    ["another instance's", "10.11.0.2"],
    ["the host's", "192.0.2.1"],
    ["a neighbour's", "192.0.2.9"],
  ])("cannot send with %s address", async (_whose, address) => {
    await using host = await hostWithTwo();
    const inside = "ds-web";
    await host.serve("host", "udp", "10.10.0.1", 9000);
    await host.run(["ip", "address", "add", `${address}/32`, "dev", "veth0"], { inside });
    // The host answers no question for its hardware address that seems to come from itself.
    const [link] = JSON.parse(await host.run(["ip", "-json", "link", "show", "ve-web"]));
    await host.run(["ip", "neigh", "replace", "10.10.0.1", "lladdr", link.address, "dev", "veth0"], { inside });
    await host.run(["ip", "route", "replace", "10.10.0.1", "dev", "veth0", "src", address], { inside });
    expect(await host.ask("udp", "10.10.0.1", 9000, { inside, waitMs: 300 })).toBe("nothing");
    await expect.poll(() => dropped(host, "fib saddr"), { timeout: 10_000 }).toBeGreaterThan(0);
  });

  it("has no IPv6 on its link", async () => {
    await using host = await hostWithTwo();
    expect(await host.run(["ip", "-6", "address", "show", "dev", "ve-web"])).toBe("");
  });

  it("may send from the rest of its subnet, and is reached there from the host", async () => {
    await using host = await hostWithTwo();
    await host.run(["ip", "address", "add", "10.10.10.10/32", "dev", "lo"], { inside: "ds-web" });
    await host.serve("balanced", "tcp", "10.10.10.10", 80, { inside: "ds-web" });
    expect(await host.ask("tcp", "10.10.10.10", 80)).toBe("balanced 10.10.0.1 hello");
  });
});

/** How many packets the guard's rule with this match has dropped. */
async function dropped(host: PrivateHost, match: string): Promise<number> {
  const chain = await host.run(["nft", "list", "chain", "ip", "dockersnap_test", "guard"]);
  const rule = chain.split("\n").find((line) => line.includes(match)) ?? "";
  return Number(/counter packets (\d+)/.exec(rule)?.[1]);
}
