import { describe, expect, it } from "vitest";
import { PrivateHost } from "./private-host.ts";
import { etcNetnsDir, spec } from "./specs.ts";

const inside = "ds-web";

async function hostWithResolvConf(text: string, dns: readonly string[] = []): Promise<PrivateHost> {
  const host = await PrivateHost.start({ dns });
  await host.run(["tee", "/etc/resolv.conf"], { input: text });
  return host;
}

/** Where what the instance asks at the first address in its resolv.conf is led to. */
async function nameServer(host: PrivateHost): Promise<string | undefined> {
  const text = await host.run(["cat", `${etcNetnsDir}/${inside}/resolv.conf`]);
  expect(text).toContain("nameserver 10.10.0.1\n");
  const map = await host.run(["nft", "list", "map", "ip", "dockersnap_test", "dns"]);
  return / \. 10\.10\.0\.1 comment "web" : (\S+?),?\s/.exec(map)?.[1];
}

describe("name lookups of an instance", () => {
  it.each(["udp", "tcp"] as const)("reach a stub on the host's loopback over %s", async (protocol) => {
    await using host = await hostWithResolvConf("nameserver 127.0.0.53\n");
    await host.serve("stub", protocol, "127.0.0.53", 53);
    await host.network.create(spec("web"));
    expect(await nameServer(host)).toBe("127.0.0.53");
    expect(await host.ask(protocol, "10.10.0.1", 53, { inside })).toBe("stub 127.0.0.1 hello");
  });

  it("reach the stub and nothing else on the loopback", async () => {
    await using host = await hostWithResolvConf("nameserver 127.0.0.53\n");
    await host.serve("other", "tcp", "127.0.0.53", 54);
    await host.network.create(spec("web"));
    expect(await host.ask("tcp", "10.10.0.1", 54, { inside })).toBe("ECONNREFUSED");
  });

  it("reach the stub past a filter that drops what comes in", async () => {
    await using host = await hostWithResolvConf("nameserver 127.0.0.53\n");
    await host.serve("stub", "udp", "127.0.0.53", 53);
    await host.run(["iptables", "-P", "INPUT", "DROP"]);
    await host.run(["iptables", "-A", "INPUT", "-i", "lo", "-j", "ACCEPT"]);
    await host.network.create(spec("web"));
    expect(await host.ask("udp", "10.10.0.1", 53, { inside })).toBe("stub 127.0.0.1 hello");
    await host.network.remove("web");
    expect(await host.run(["iptables-save"])).not.toContain("dockersnap");
  });

  it("go where systemd-resolved asks, past its stub", async () => {
    await using host = await hostWithResolvConf("nameserver 127.0.0.53\n");
    await host.run(["mkdir", "-p", "/run/systemd/resolve"]);
    await host.run(["tee", "/run/systemd/resolve/resolv.conf"], { input: "nameserver 192.0.2.53\n" });
    await host.network.create(spec("web"));
    expect(await nameServer(host)).toBe("192.0.2.53");
  });

  it("follow the host's name servers at each start, in the same file", async () => {
    await using host = await hostWithResolvConf("nameserver 127.0.0.53\n");
    await host.network.create(spec("web"));
    const inode = () => host.run(["stat", "-c", "%i", `${etcNetnsDir}/${inside}/resolv.conf`]);
    const before = await inode();
    await host.run(["tee", "/etc/resolv.conf"], { input: "nameserver 192.0.2.99\n" });
    await host.network.create(spec("web"));
    expect(await nameServer(host)).toBe("192.0.2.99");
    expect(await inode()).toBe(before);
    expect(await host.run(["nft", "list", "map", "ip", "dockersnap_test", "dns"])).not.toContain("127.0.0.53");
  });

  it("follow the host's name servers while they run, also over a socket that stays open", async () => {
    await using host = await hostWithResolvConf("nameserver 192.0.2.9\n");
    await host.addNeighbour("lan", "192.0.2.1", "192.0.2.9");
    await host.addNeighbour("wan", "198.51.100.1", "198.51.100.9");
    await host.serve("old", "udp", "192.0.2.9", 53, { inside: "lan" });
    await host.serve("new", "udp", "198.51.100.9", 53, { inside: "wan" });
    await host.network.create(spec("web"));
    await host.network.keep(() => undefined);
    const talk = host.talk("udp", "10.10.0.1", 53, { inside });
    talk.say("one");
    expect(await talk.line()).toBe("old 192.0.2.1 one");
    await host.run(["tee", "/etc/resolv.conf"], { input: "nameserver 198.51.100.9\nsearch there\n" });
    await expect.poll(() => nameServer(host), { timeout: 20_000 }).toBe("198.51.100.9");
    await expect
      .poll(
        () => {
          talk.say("two");
          return talk.line();
        },
        { timeout: 20_000 },
      )
      .toBe("new 198.51.100.1 two");
    expect(await host.run(["cat", `${etcNetnsDir}/${inside}/resolv.conf`])).toContain("search there");
    // That the host's servers changed is no fault of anything.
    expect(await host.restored()).toEqual([]);
  });
});
