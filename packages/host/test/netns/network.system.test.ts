import { networkConformance } from "@dockersnap/core/testing";
import { describe, expect, it } from "vitest";
import { PrivateHost } from "./private-host.ts";
import { etcNetnsDir, forward, spec } from "./specs.ts";

networkConformance("the network of a Linux host", async () => {
  const host = await PrivateHost.start();
  return {
    network: host.network,
    listen: (port, protocol) => host.listen(port, protocol),
    [Symbol.asyncDispose]: () => host[Symbol.asyncDispose](),
  };
});

const web = spec("web");
const inside = "ds-web";

/** The instance's index of its inner device: another one is another link. */
async function linkIndex(host: PrivateHost): Promise<unknown> {
  const [link] = JSON.parse(await host.run(["ip", "-json", "link", "show", "veth0"], { inside }));
  return link.ifindex;
}

async function works(host: PrivateHost): Promise<void> {
  await host.serve("web", "tcp", "10.10.0.2", 80, { inside });
  expect(await host.ask("tcp", "10.10.0.2", 80)).toBe("web 10.10.0.1 hello");
}

describe("a network made again", () => {
  it("stays the very same when it is right", async () => {
    await using host = await PrivateHost.start();
    await host.network.create(web);
    const before = await linkIndex(host);
    await host.restart();
    await host.network.create(web);
    expect(await linkIndex(host)).toBe(before);
    await works(host);
  });

  it("is another one when it is renewed, with the forwards it had", async () => {
    await using host = await PrivateHost.start();
    await host.network.create(web);
    await host.network.setForwards(web, [forward(8080, 80)]);
    const namespaceOf = () => host.run(["readlink", "/proc/self/ns/net"], { inside });
    const before = await namespaceOf();
    await host.network.renew(web);
    expect(await namespaceOf()).not.toBe(before);
    await works(host);
    expect(await host.ask("tcp", "127.0.0.1", 8080)).toMatch(/^web /);
  });

  it("goes on under another name, in the same namespace, with what is connected", async () => {
    await using host = await PrivateHost.start();
    const waiting = spec("waiting");
    await host.network.create(waiting);
    await host.network.setForwards(waiting, [forward(8080, 80)]);
    await host.serve("kept", "tcp", "0.0.0.0", 80, { inside: "ds-waiting" });
    const talk = host.talk("tcp", "127.0.0.1", 8080);
    talk.say("before");
    await talk.line();
    const resolvConf = () => host.run(["cat", host.network.resolvConf("web") ?? ""]);

    await host.network.rename("waiting", web);

    talk.say("after");
    expect(await talk.line()).toMatch(/^kept .* after$/);
    expect(await host.ask("tcp", "10.10.0.2", 80)).toBe("kept 10.10.0.1 hello");
    expect(await host.run(["ls", "/run/netns"])).toBe("ds-web\n");
    expect(await host.run(["ls", etcNetnsDir])).toBe("ds-web\n");
    expect(await resolvConf()).toContain("nameserver");
    expect(await host.run(["ip", "-brief", "link"])).not.toContain("ve-waiting");
    const before = await linkIndex(host);
    await host.network.create(web);
    expect(await linkIndex(host)).toBe(before);
    await host.network.remove("web");
    expect(await host.network.list()).toEqual([]);
  });

  it.each([
    ["the namespace has both names", "touch /run/netns/ds-web; mount --bind /run/netns/ds-waiting /run/netns/ds-web"],
    ["the link is renamed", "ip link set dev ve-waiting name ve-web alias dockersnap:web"],
    ["the folder is renamed", `mv ${etcNetnsDir}/ds-waiting ${etcNetnsDir}/ds-web`],
  ])("is completed, or taken away whole, where a rename was cut short: %s", async (_what, first) => {
    await using host = await PrivateHost.start();
    for (const way of ["rename", "remove"] as const) {
      await host.network.create(spec("waiting"));
      await host.run(["sh", "-c", first]);
      if (way === "rename") await host.network.rename("waiting", web);
      if (way === "rename") await works(host);
      for (const name of ["waiting", "web"]) await host.network.remove(name);
      expect(await host.network.list()).toEqual([]);
      expect(await host.run(["ip", "-brief", "link", "show", "type", "veth"])).toBe("");
    }
  });

  it.each([
    ["only the name of the namespace", "touch /run/netns/ds-web"],
    ["only the namespace", "ip netns add ds-web"],
    ["a link without addresses", "ip netns add ds-web; ip link add ve-web type veth peer name veth0 netns ds-web"],
    ["a link without a namespace", "ip link add ve-web type veth peer name x; ip link set ve-web alias dockersnap:web"],
    ["a foreign device in the link's place", "ip netns add ds-web; ip -n ds-web link add veth0 type bridge"],
  ])("is completed from %s", async (_what, leftover) => {
    await using host = await PrivateHost.start();
    await host.run(["sh", "-c", leftover]);
    await host.network.create(web);
    await works(host);
  });

  it.each([
    ["the host's address", "ip address delete 10.10.0.1/30 dev ve-web"],
    ["the route to the subnet", "ip route delete 10.10.0.0/16"],
    ["the inner address", "ip -n ds-web address delete 10.10.0.2/30 dev veth0"],
    ["the inner default route", "ip -n ds-web route delete default"],
    ["the link", "ip link delete ve-web"],
    ["the inner loopback", "ip -n ds-web link set lo down"],
  ])("has %s again, in the same namespace", async (_what, damage) => {
    await using host = await PrivateHost.start();
    await host.network.create(web);
    await host.serve("kept", "tcp", "0.0.0.0", 81, { inside });
    await host.run(["sh", "-c", damage]);
    await host.network.create(web);
    await works(host);
    expect(await host.ask("tcp", "10.10.0.2", 81)).toBe("kept 10.10.0.1 hello");
  });
});

it("never takes a device of its name that somebody else made", async () => {
  await using host = await PrivateHost.start();
  await host.run(["ip", "link", "add", "ve-web", "type", "veth", "peer", "name", "x"]);
  await expect(host.network.create(web)).rejects.toMatchObject({ code: "wrong_state" });
  await host.network.remove("web");
  expect(await host.run(["ip", "link", "show", "ve-web"])).toContain("ve-web");
  expect(await host.run(["nft", "list", "set", "ip", "dockersnap_test", "links"])).not.toContain("ve-web");
});

it("refuses a device that another has in the table, and leaves the table as it was", async () => {
  await using host = await PrivateHost.start({ dns: ["127.0.0.1"] });
  await host.run(["nft", "add element ip dockersnap_test links { ve-web comment db }"]);
  const table = () => host.run(["nft", "list", "table", "ip", "dockersnap_test"]);
  const before = await table();
  await expect(host.network.create(web)).rejects.toMatchObject({
    code: "already_exists",
    message: expect.stringContaining("instance db"),
  });
  expect(await table()).toBe(before);
});

it("forwards to where a port leads now, and no longer what is published no more", async () => {
  await using host = await PrivateHost.start();
  await host.network.create(web);
  const ports = () => host.run(["nft", "list", "map", "ip", "dockersnap_test", "ports"]);
  await host.network.setForwards(web, [forward(8080, 80), forward(8081, 81)]);
  await host.network.setForwards(web, [forward(8080, 80), forward(8082, 82)]);
  expect(await ports()).toMatch(/8080 .*: 10.10.0.2 . 80,\s.*8082 .*: 10.10.0.2 . 82 }/);
  await host.network.setForwards(web, [forward(8080, 8080)]);
  expect(await ports()).toMatch(/elements = { tcp . 8080 .*: 10.10.0.2 . 8080 }/);
});

describe("a subnet the host uses", () => {
  it.each([
    ["by an address", "ip address add 10.10.3.1/24 dev other"],
    ["by a single address", "ip address add 10.10.3.1/32 dev other"],
    ["by a route to more than the subnet", "ip route add 10.0.0.0/8 dev other"],
  ])("%s is refused by the device's name, and nothing of the link is made", async (_how, use) => {
    await using host = await PrivateHost.start();
    await host.run([
      "sh",
      "-c",
      `ip link add other type veth peer name x; ip link set other up; ip link set x up; ${use}`,
    ]);
    await expect(host.network.create(web)).rejects.toMatchObject({
      code: "wrong_state",
      message: expect.stringContaining("other"),
    });
    expect(await host.run(["ip", "netns", "list"])).toBe("");
  });

  it("is not what a default route in two halves means", async () => {
    await using host = await PrivateHost.start();
    await host.run([
      "sh",
      "-c",
      "ip link add vpn type veth peer name x; ip link set vpn up; ip link set x up; ip route add 0.0.0.0/1 dev vpn",
    ]);
    await host.network.create(web);
    await works(host);
  });
});

describe("a removed network", () => {
  it("leaves nothing on the host", async () => {
    await using host = await PrivateHost.start();
    await host.run(["iptables", "-P", "FORWARD", "DROP"]);
    const look = async () => ({
      links: await host.run(["ip", "-oneline", "link"]),
      routes: await host.run(["ip", "route", "show", "table", "all"]),
      table: await host.run(["nft", "list", "ruleset"]),
      filter: (await host.run(["iptables-save"])).replaceAll(/^#.*\n/gm, ""),
      files: await host.run(["find", "/run/netns", etcNetnsDir]),
    });
    await host.run(["mkdir", etcNetnsDir]);
    // The first rule brings iptables' own tables into being.
    await host.run(["iptables", "-N", "X"]);
    const before = await look();
    await host.network.create(web);
    await host.network.setForwards(web, [forward(8080, 80), forward(8081, 81, { loopback: true })]);
    await host.network.remove("web");
    expect(await look()).toEqual(before);
    expect(await host.network.list()).toEqual([]);
  });

  it.each([
    ["a namespace", "ip netns add ds-web"],
    ["a folder", `mkdir -p ${etcNetnsDir}/ds-web`],
    ["a link", "ip link add ve-web type veth peer name x; ip link set ve-web alias dockersnap:web"],
    ["a forward", 'nft add element ip dockersnap_test ports "{ tcp . 80 comment \\"web\\" : 10.10.0.2 . 80 }"'],
    ["an accept", "iptables -A FORWARD -i ve-web -m comment --comment dockersnap:dockersnap_test:web -j ACCEPT"],
  ])("is still listed for %s that was left, until it is removed again", async (_what, leftover) => {
    await using host = await PrivateHost.start();
    await host.run(["sh", "-c", leftover]);
    expect(await host.network.list()).toEqual(["web"]);
    await host.network.remove("web");
    expect(await host.network.list()).toEqual([]);
  });

  it("does not list a namespace that nobody marked and something runs in", async () => {
    await using host = await PrivateHost.start();
    await host.run(["ip", "netns", "add", "ds-web"]);
    const netns = "--net=/run/netns/ds-web";
    await host.run(["sh", "-c", `nsenter ${netns} sleep 1000 </dev/null >/dev/null 2>&1 & echo $! >/run/sleeper`]);
    const entered = ["sh", "-c", "until [ /proc/$(cat /run/sleeper)/ns/net -ef /run/netns/ds-web ]; do :; done"];
    await host.run(entered);
    try {
      expect(await host.network.list()).toEqual([]);
    } finally {
      await host.run(["sh", "-c", "kill $(cat /run/sleeper)"]);
    }
  });

  it("leaves devices and namespaces of others alone", async () => {
    await using host = await PrivateHost.start();
    await host.run(["sh", "-c", "ip netns add other; ip link add ve-nspawn type veth peer name x"]);
    expect(await host.network.list()).toEqual([]);
    await host.network.create(web);
    await host.network.remove("web");
    expect(await host.run(["ip", "netns", "list"])).toContain("other");
    expect(await host.run(["ip", "link", "show", "ve-nspawn"])).toContain("ve-nspawn");
  });
});

it("gives instances with names too long for a device links of their own, known by their whole names", async () => {
  await using host = await PrivateHost.start();
  const names = ["a-name-of-the-longest-kind-one-1", "a-name-of-the-longest-kind-two-2"];
  for (const [index, name] of names.entries()) await host.network.create(spec(name, index));
  for (const name of names) await host.run(["ip", "netns", "delete", `ds-${name}`]);
  await host.run(["rm", "-r", etcNetnsDir]);
  expect(await host.network.list()).toEqual(names);
});

it("sees a port that a listener has on any address of the host", async () => {
  await using host = await PrivateHost.start();
  await host.serve("v6", "tcp", "::1", 8080);
  await host.serve("v4", "udp", "127.0.0.1", 8081);
  expect(await host.network.hostPortTaken(8080, "tcp")).toBe(true);
  expect(await host.network.hostPortTaken(8081, "udp")).toBe(true);
  expect(await host.network.hostPortTaken(8081, "tcp")).toBe(false);
});
