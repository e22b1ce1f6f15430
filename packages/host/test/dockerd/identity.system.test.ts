import { expect, it } from "vitest";
import { Machine, never } from "./machine.ts";

it("gives each engine a Docker ID of its own, which it keeps over restarts", async () => {
  await using machine = await Machine.start();
  const idOf = (name: string) => machine.docker(name, "info", "--format", "{{.ID}}");
  const [one, two] = [await machine.prepare("one"), await machine.prepare("two")];
  await machine.engines.start(one, never);
  await machine.engines.start(two, never);
  const first = await idOf("one");
  expect(first).not.toBe("");
  expect(await idOf("two")).not.toBe(first);
  await machine.engines.stop("one", never);
  await machine.engines.start(one, never);
  expect(await idOf("one")).toBe(first);
});

it("leads 'host-gateway' to the host's end of the instance's link", async () => {
  await using machine = await Machine.start();
  await machine.engines.start(await machine.prepare("web"), never);
  await machine.importImage("web");
  const hosts = await machine.docker("web", "run", "--rm", "--add-host", "h:host-gateway", "box", "cat", "/etc/hosts");
  expect(hosts).toMatch(/^10\.10\.0\.1\s+h$/m);
});

it("makes no network by itself in the subnet of the instance", async () => {
  await using machine = await Machine.start();
  const addresses = { subnet: "172.17.4.0/24", hostAddress: "172.17.4.1" };
  await machine.engines.start(await machine.prepare("web", addresses), never);
  await machine.docker("web", "network", "create", "made");
  const networks = await machine.engines.api("web").bridgeNetworks();
  expect(networks.map(({ name, subnets }) => [name, ...subnets]).sort()).toEqual([
    ["bridge", "172.18.0.0/16"],
    ["made", "172.19.0.0/16"],
  ]);
});
