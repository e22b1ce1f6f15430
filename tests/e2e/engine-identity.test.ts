import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, it } from "vitest";
import { Engine } from "../support/engine.ts";
import { bareInstance } from "../support/instance.ts";
import { World } from "../support/world.ts";

let world: World;
beforeAll(async () => {
  world = await World.start();
});
afterAll(() => world?.end());

async function dockerId(name: string): Promise<string> {
  const engine = await Engine.of(world, name);
  return ((await engine.json("GET", "/info")) as { ID: string }).ID;
}

it("gives each instance a Docker ID of its own, a clone too, and keeps it over restart, revert and undo", async () => {
  const { name } = await bareInstance(world, "one");
  const other = await bareInstance(world, "two");
  const id = await dockerId(name);
  expect(id).not.toBe("");
  expect(await dockerId(other.name)).not.toBe(id);

  await world.client.instances.snapshot(name, { label: "s" });
  const clone = world.name("clone");
  await world.client.instances.clone(name, { label: "s", new_name: clone });
  const cloned = await dockerId(clone);
  expect(new Set([id, cloned, await dockerId(other.name)]).size).toBe(3);

  await world.client.instances.restart(name);
  expect(await dockerId(name)).toBe(id);
  await world.client.instances.revert(name, { label: "s" });
  expect(await dockerId(name)).toBe(id);
  await world.client.instances.undo(name);
  expect(await dockerId(name)).toBe(id);
  await world.restartDaemon();
  expect(await dockerId(clone)).toBe(cloned);
});

it("leads 'host-gateway' in a container to what listens on the host", async () => {
  const { engine } = await bareInstance(world, "gateway");
  const server = createServer((_request, response) => response.end("the host\n"));
  server.listen(0, "0.0.0.0");
  await once(server, "listening");
  try {
    const { port } = server.address() as AddressInfo;
    await engine.run({ name: "box", extraHosts: ["the-host:host-gateway"] });
    // The static busybox cannot look names up.
    const hosts = (await engine.exec("box", "cat", "/etc/hosts")).output;
    const address = /^(\S+)\s+the-host$/m.exec(hosts)?.[1];
    const { output } = await engine.exec("box", "wget", "-qO-", `http://${address}:${port}`);
    expect(output).toBe("the host\n");
  } finally {
    server.close();
  }
});
