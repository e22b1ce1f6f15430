import { afterAll, beforeAll, expect, it } from "vitest";
import { EchoConnection, echoServer, pageOn } from "../support/connection.ts";
import { Engine } from "../support/engine.ts";
import { bareInstance, hostPortOf } from "../support/instance.ts";
import { powerCut, settled } from "../support/reboot.ts";
import { World } from "../support/world.ts";

let world: World;
beforeAll(async () => {
  world = await World.start();
});
afterAll(() => world?.end());

const status = async (name: string) => (await world.client.instances.get(name)).status;

it("brings back after a power cut what ran, with its data and host ports, and leaves down what was down", async () => {
  const up = await bareInstance(world, "up");
  await up.engine.run({ name: "echoer", command: echoServer(7000), publish: ["7201:7000"], restart: "always" });
  await up.engine.exec("echoer", "sh", "-c", "echo kept > /word");
  await world.client.instances.snapshot(up.name, { label: "s" });
  await world.client.instances.refreshPorts(up.name);
  const port = await hostPortOf(world, up.name, 7201);
  const down = await bareInstance(world, "down");
  await down.engine.run({ name: "idle", restart: "always" });
  await down.engine.exec("idle", "sh", "-c", "echo kept too > /word");
  await world.client.instances.stop(down.name);
  const workload = world.name("echo");
  await world.client.instances.create({ name: workload, workload_inline: { plugin: "echo", config: { port: 7202 } } });
  const echoPort = await hostPortOf(world, workload, 7202);
  // What it uses is nothing that a reboot could keep.
  const { used: _used, ...before } = await world.client.instances.get(up.name);

  await powerCut(world);
  await world.startDaemon();

  await settled(world);
  expect(await world.client.instances.get(up.name)).toMatchObject(before);
  expect(await hostPortOf(world, up.name, 7201)).toBe(port);
  using connection = await EchoConnection.open(world, port);
  expect(await connection.say("again")).toBe("again");
  expect((await up.engine.exec("echoer", "cat", "/word")).output).toBe("kept\n");
  expect(await hostPortOf(world, workload, 7202)).toBe(echoPort);
  expect(await pageOn(world, echoPort)).toBe(`hello from ${workload}`);

  expect(await status(down.name)).toBe("stopped");
  await world.client.instances.start(down.name);
  expect((await (await Engine.of(world, down.name)).exec("idle", "cat", "/word")).output).toBe("kept too\n");

  await world.client.instances.revert(up.name, { label: "s" });
  expect((await up.engine.exec("echoer", "cat", "/word")).output).toBe("kept\n");
});

it("takes back a create that the power cut came upon, and the name is free again", async () => {
  const name = world.name("half");
  const begun = Promise.withResolvers<void>();
  const creating = world.client.instances.create(
    { name },
    { onProgress: ({ step }) => (step === "engine" ? begun.resolve() : undefined) },
  );
  creating.catch(begun.reject);
  await begun.promise;
  await powerCut(world);
  await world.startDaemon();
  await expect(world.client.instances.get(name)).rejects.toMatchObject({ code: "not_found" });
  expect((await world.client.instances.create({ name })).status).toBe("running");
  await settled(world);
});
