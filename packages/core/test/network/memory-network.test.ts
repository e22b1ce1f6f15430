import { expect, it } from "vitest";
import { networkConformance } from "../../testing/network/conformance.ts";
import { MemoryNetwork } from "../../testing/network/memory-network.ts";

networkConformance("the network in memory", async () => {
  const network = new MemoryNetwork();
  await network.open();
  return {
    network,
    async listen(port, protocol) {
      network.listen(port, protocol);
    },
    async [Symbol.asyncDispose]() {},
  };
});

it("fails as often as it was told to, and changes nothing then", async () => {
  const network = new MemoryNetwork();
  const addresses = { subnet: "10.10.0.0/16", host: "10.10.0.1", inside: "10.10.0.2", metallb: "10.10.10.10" };
  network.failNext("create");
  await expect(network.create({ name: "web", addresses })).rejects.toMatchObject({ code: "internal" });
  expect(network.has("web")).toBe(false);
  await network.create({ name: "web", addresses });
  expect(network.has("web")).toBe(true);
});
