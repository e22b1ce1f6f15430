import { describe, expect, it } from "vitest";
import { droppingChainsIn } from "../../src/netns/obstacles.ts";
import { PrivateHost } from "./private-host.ts";
import { forward, spec } from "./specs.ts";

const web = spec("web");

async function hostWithWeb(...filter: readonly (readonly string[])[]): Promise<PrivateHost> {
  const host = await PrivateHost.start();
  await host.addNeighbour("lan", "192.0.2.1", "192.0.2.9");
  for (const rule of filter) await host.run(["iptables", ...rule]);
  await host.network.create(web);
  await host.serve("web", "tcp", "0.0.0.0", 80, { inside: "ds-web" });
  await host.serve("lan", "tcp", "192.0.2.9", 80, { inside: "lan" });
  await host.network.setForwards(web, [forward(8080, 80)]);
  return host;
}

async function accepts(host: PrivateHost): Promise<readonly string[]> {
  const saved = await host.run(["iptables-save", "-t", "filter"]);
  return saved.split("\n").filter((line) => line.includes("dockersnap:dockersnap_test:web"));
}

describe("a host that drops what it forwards", () => {
  it.each([
    ["by its policy", [["-P", "FORWARD", "DROP"]], "FORWARD"],
    ["by a last rule", [["-A", "FORWARD", "-j", "REJECT"]], "FORWARD"],
    [
      "for a Docker of its own",
      [
        ["-P", "FORWARD", "DROP"],
        ["-N", "DOCKER-USER"],
        ["-A", "DOCKER-USER", "-j", "RETURN"],
        ["-A", "FORWARD", "-j", "DOCKER-USER"],
      ],
      "DOCKER-USER",
    ],
  ])("%s lets an instance's traffic pass both ways", async (_how, filter, chain) => {
    await using host = await hostWithWeb(...filter);
    expect(await host.ask("tcp", "192.0.2.1", 8080, { inside: "lan" })).toBe("web 192.0.2.9 hello");
    expect(await host.ask("tcp", "192.0.2.9", 80, { inside: "ds-web" })).toBe("lan 192.0.2.1 hello");
    expect(await accepts(host)).toEqual([
      expect.stringContaining(`-A ${chain} -o ve-web`),
      expect.stringContaining(`-A ${chain} -i ve-web`),
    ]);
  });

  it("has each accept once, and none after the instance is removed", async () => {
    await using host = await hostWithWeb(["-P", "FORWARD", "DROP"], ["-A", "FORWARD", "-i", "lan", "-j", "DROP"]);
    await host.network.create(web);
    await host.network.open();
    expect(await accepts(host)).toHaveLength(2);
    await host.network.remove("web");
    expect(await accepts(host)).toEqual([]);
    expect(await host.run(["iptables", "-S", "FORWARD"])).toBe("-P FORWARD DROP\n-A FORWARD -i lan -j DROP\n");
  });

  it("still keeps instances apart", async () => {
    await using host = await hostWithWeb(["-P", "FORWARD", "DROP"]);
    await host.network.create(spec("db", 1));
    expect(await host.ask("tcp", "10.10.0.2", 80, { inside: "ds-db", waitMs: 300 })).toBe("nothing");
    expect(await host.ask("tcp", "10.10.0.2", 80, { inside: "lan", waitMs: 300 })).toBe("nothing");
  });

  it("gets its accepts with the daemon's next start when it began to drop in between", async () => {
    await using host = await hostWithWeb();
    expect(await accepts(host)).toEqual([]);
    await host.run(["iptables", "-P", "FORWARD", "DROP"]);
    await host.restart();
    await host.network.open();
    expect(await host.ask("tcp", "192.0.2.1", 8080, { inside: "lan" })).toBe("web 192.0.2.9 hello");
  });
});

it("a host that drops nothing gets no accepts, and one that stops dropping loses them", async () => {
  await using host = await hostWithWeb(["-P", "FORWARD", "DROP"]);
  expect(await accepts(host)).toHaveLength(2);
  await host.run(["iptables", "-P", "FORWARD", "ACCEPT"]);
  await host.network.create(web);
  expect(await accepts(host)).toEqual([]);
});

describe("chains of others that drop what this host forwards", () => {
  const seen = async (host: PrivateHost) =>
    droppingChainsIn(JSON.parse(await host.run(["nft", "-j", "list", "ruleset"])));

  it("are none where iptables does it, for the accepts of instances stand there", async () => {
    await using host = await hostWithWeb(["-P", "FORWARD", "DROP"], ["-A", "FORWARD", "-j", "REJECT"]);
    expect(await seen(host)).toEqual([]);
  });

  it.each([
    ["by their policy", "policy drop;", "nothing"],
    ["by a last rule", "ct state established accept; counter reject;", "ECONNREFUSED"],
  ])("are found where they do so %s", async (_how, rules, answer) => {
    const chain = `type filter hook forward priority 10; ${rules}`;
    await using host = await hostWithWeb();
    await host.run(["nft", "-f", "-"], { input: `table inet firewalld {\n chain filter_FORWARD { ${chain} }\n}\n` });
    expect(await seen(host)).toEqual([{ table: "inet firewalld", chain: "filter_FORWARD" }]);
    expect(
      await host.ask("tcp", "192.0.2.1", 8080, {
        inside: "lan",
        ...(answer === "nothing" ? { waitMs: 300 } : {}),
      }),
    ).toBe(answer);
  });

  it("are none where only some of it is dropped", async () => {
    await using host = await hostWithWeb();
    const chain = "type filter hook forward priority 10; tcp dport 25 drop;";
    await host.run(["nft", "-f", "-"], { input: `table inet mine {\n chain out { ${chain} }\n}\n` });
    expect(await seen(host)).toEqual([]);
  });
});
