import { describe, expect, it } from "vitest";
import { PrivateHost } from "./private-host.ts";
import { etcNetnsDir, forward, spec } from "./specs.ts";

const web = spec("web");
const db = spec("db", 1);

/** A network that keeps itself, with two instances that each serve and forward a port. */
async function keptHost(): Promise<PrivateHost> {
  const host = await PrivateHost.start();
  await host.run(["iptables", "-P", "FORWARD", "DROP"]);
  for (const [instance, port] of [
    [web, 8080],
    [db, 8081],
  ] as const) {
    await host.network.create(instance);
    await host.serve(instance.name, "tcp", "0.0.0.0", 80, { inside: `ds-${instance.name}` });
    await host.network.setForwards(instance, [forward(port, 80)]);
  }
  await host.network.keep(() => undefined);
  // The monitors listen when the first of them was told of something.
  await listening(host);
  return host;
}

/** Resolves once the kernel's changes are told of: an entry of nobody's is taken out of the table again. */
async function listening(host: PrivateHost): Promise<void> {
  await host.run(["nft", "add", "element", "ip", "dockersnap_test", "links", "{ probe }"]);
  await expect
    .poll(() => host.run(["nft", "list", "set", "ip", "dockersnap_test", "links"]), { timeout: 20_000 })
    .not.toContain("probe");
}

const whole = async (host: PrivateHost) => {
  expect(await host.ask("tcp", "127.0.0.1", 8080)).toBe("web 10.10.0.1 hello");
  expect(await host.ask("tcp", "127.0.0.1", 8081)).toBe("db 10.11.0.1 hello");
  expect(await host.ask("tcp", "10.11.0.2", 80, { inside: "ds-web", waitMs: 300 })).toBe("nothing");
};

describe("a host's network that something else changes", () => {
  it.each([
    ["its table is deleted", "nft delete table ip dockersnap_test", "table"],
    ["the whole ruleset is flushed", "nft flush ruleset", "table"],
    ["a chain of the table is flushed", "nft flush chain ip dockersnap_test forward", "table"],
    ["an entry is deleted", "nft delete element ip dockersnap_test ports { tcp . 8080 }", "table"],
    ["a rule is added", "nft insert rule ip dockersnap_test forward accept", "table"],
    ["the accepts of iptables are flushed", "iptables -F FORWARD", "filter"],
    ["a link is taken down", "ip link set ve-web down", "link"],
    ["a link is deleted", "ip link delete ve-web", "link"],
    ["an address is removed", "ip address flush dev ve-web", "link"],
    ["the name of a namespace is removed", "ip netns delete ds-web", "namespace"],
    ["a resolv.conf is overwritten", `echo nameserver 203.0.113.1 > ${etcNetnsDir}/ds-web/resolv.conf`, "resolver"],
  ])("is whole again by itself when %s, and that is told", async (_what, damage, part) => {
    await using host = await keptHost();
    const before = (await host.restored()).length;
    const resolvConf = () => host.run(["cat", `${etcNetnsDir}/ds-web/resolv.conf`]);
    const text = await resolvConf();
    await host.run(["sh", "-c", damage]);
    await expect.poll(async () => (await host.restored()).slice(before), { timeout: 20_000 }).toContain(part);
    await expect.poll(async () => (await host.network.report()).faults, { timeout: 20_000 }).toEqual([]);
    await whole(host);
    expect(await resolvConf()).toBe(text);
    expect((await host.warnings()).join()).toContain("it was put right");
  });

  it("is reported as it is while nobody keeps it, and nothing is changed by that", async () => {
    await using host = await PrivateHost.start();
    await host.network.create(web);
    await host.run(["nft", "delete", "table", "ip", "dockersnap_test"]);
    await host.run(["tee", "/proc/sys/net/ipv4/ip_forward"], { input: "0" });
    const messages = async () => (await host.network.inspect([web])).faults.map(({ message }) => message);
    expect(await messages()).toEqual([
      expect.stringContaining("table of the daemon is missing"),
      expect.stringContaining("what instance 'web' needs"),
      expect.stringContaining("ip_forward is off"),
    ]);
    expect(await messages()).toHaveLength(3);
  });

  it("is still watched after what tells of changes was killed", async () => {
    await using host = await keptHost();
    const [monitor = ""] = (await host.children()).filter((line) => line.endsWith("nft monitor"));
    await host.run(["kill", "-KILL", monitor.split(" ")[0] ?? ""]);
    await expect
      .poll(async () => (await host.children()).filter((line) => line.endsWith("nft monitor") && line !== monitor), {
        timeout: 20_000,
      })
      .toHaveLength(1);
    await host.run(["nft", "delete", "table", "ip", "dockersnap_test"]);
    await expect.poll(() => host.ask("tcp", "127.0.0.1", 8080), { timeout: 20_000 }).toBe("web 10.10.0.1 hello");
  });

  it("is not fought over for ever: it is put right less and less often, and that is told", async () => {
    await using host = await keptHost();
    for (let round = 0; round < 8; round += 1) {
      await host.run(["sh", "-c", "nft delete table ip dockersnap_test || true"]);
      const isThere = async () => (await host.run(["nft", "list", "tables"])).includes("dockersnap_test");
      await expect.poll(isThere, { timeout: 20_000 }).toBe(true);
      if ((await host.warnings()).some((text) => text.includes("something keeps changing"))) return;
    }
    expect.unreachable("it was put right each time at once");
  });
});

describe("a port of the host that leads to an instance", () => {
  const listenOn = (host: PrivateHost, port: number) => host.listen(port, "tcp");

  it("is in use for every other program, also after the daemon's restart", async () => {
    await using host = await keptHost();
    await expect(listenOn(host, 8080)).rejects.toThrow("EADDRINUSE");
    await host.restart();
    await host.network.open();
    await expect(listenOn(host, 8080)).rejects.toThrow("EADDRINUSE");
  });

  it("is no longer forwarded where a program took it while no daemon ran", async () => {
    await using host = await keptHost();
    await host.restart();
    await host.serve("service", "tcp", "127.0.0.1", 8080);
    await host.network.open();
    expect(await host.ask("tcp", "127.0.0.1", 8080)).toBe("service 127.0.0.1 hello");
    expect(await host.ask("tcp", "127.0.0.1", 8081)).toBe("db 10.11.0.1 hello");
    expect(await host.network.hold("web", forward(8080, 80))).toBe(false);
  });

  it("is never the one the daemon's own API is to listen on", async () => {
    await using host = await PrivateHost.start({ api: { host: "127.0.0.1", port: 8080 } });
    await host.network.create(web);
    expect(await host.network.hold("web", forward(8080, 80))).toBe(false);
    await expect(host.network.setForwards(web, [forward(8080, 80)])).rejects.toMatchObject({ code: "already_exists" });
  });
});

describe("a UDP client that keeps its socket", () => {
  it("reaches what its port leads to now, and the host where it leads nowhere", async () => {
    await using host = await keptHost();
    for (const { name } of [web, db]) await host.serve(name, "udp", "0.0.0.0", 90, { inside: `ds-${name}` });
    const talk = host.talk("udp", "127.0.0.1", 9000);
    // Before anything is forwarded: the kernel remembers that this is for the host itself.
    talk.say("one");
    expect(await talk.line()).toBe("ECONNREFUSED");
    await host.network.setForwards(web, [forward(9000, 90, { protocol: "udp" })]);
    talk.say("two");
    expect(await talk.line()).toBe("web 10.10.0.1 two");
    await host.network.setForwards(web, []);
    await host.network.setForwards(db, [forward(9000, 90, { protocol: "udp" })]);
    talk.say("three");
    expect(await talk.line()).toBe("db 10.11.0.1 three");
  });
});
