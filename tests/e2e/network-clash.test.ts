import { afterAll, beforeAll, expect, it } from "vitest";
import { cli } from "../support/cli.ts";
import { EchoConnection, echoServer } from "../support/connection.ts";
import { eventOf } from "../support/events.ts";
import { bareInstance, hostPortOf } from "../support/instance.ts";
import { World } from "../support/world.ts";

let world: World;
beforeAll(async () => {
  world = await World.start();
});
afterAll(() => world?.end());

const doctor = () => cli(world, "doctor", "--config", world.configFile);
const ports = (name: string) => cli(world, "ports", name, "--refresh");

it("says which network of containers cuts an instance off, and what to do, until it is gone", async () => {
  const { name, engine } = await bareInstance(world, "clash");
  await engine.run({ name: "echoer", command: echoServer(7000), publish: ["7901:7000"] });
  await world.client.instances.refreshPorts(name);
  const port = await hostPortOf(world, name, 7901);
  const { target_ip } = await world.client.instances.ports(name);
  const subnet = `${target_ip.replace(/\d+\.\d+$/, "0.0")}/16`;
  const problem = `The Docker network 'shop' of '${name}' has the subnet ${subnet}`;
  const advice = `dockersnap docker ${name} -- network rm shop`;

  await eventOf(
    world,
    ({ type, instance }) => type === "ports.changed" && instance === name,
    async () => {
      await engine.json("POST", "/networks/create", { Name: "shop", IPAM: { Config: [{ Subnet: subnet }] } });
      await engine.run({ name: "inside", network: "shop", publish: ["7902:80"] });
    },
  );
  expect((await ports(name)).stdout).toContain(problem);
  expect((await ports(name)).stdout).toContain(advice);
  const seen = await doctor();
  expect(seen.code).toBe(1);
  expect(seen.stdout).toContain(problem);
  expect(seen.stdout).toContain(advice);

  await engine.remove("inside");
  expect(await cli(world, "docker", name, "--", "network", "rm", "shop")).toMatchObject({ code: 0 });
  expect((await ports(name)).stdout).not.toContain("shop");
  expect((await doctor()).stdout).not.toContain("shop");
  using connection = await EchoConnection.open(world, port);
  expect(await connection.say("hello")).toBe("hello");
});
