import { afterAll, beforeAll, expect, it } from "vitest";
import { World } from "../support/world.ts";

let world: World;

beforeAll(async () => {
  // Nobody's turn comes while this lasts.
  world = await World.start({ config: { plugins: { health_poll_interval: "1h" } } });
});
afterAll(() => world?.end());

const untilHealthy = (name: string) =>
  expect.poll(async () => (await world.client.instances.get(name)).health, { timeout: 20_000 }).toBe("healthy");

it("is known as soon as a workload is up: after a create, a revert, a clone, a stop and a start, and with the next daemon", async () => {
  const { instances } = world.client;
  const [one, two] = [world.name("one"), world.name("two")];
  await instances.create({ name: one, workload_inline: { plugin: "echo", config: { text: "hi" } } });
  await untilHealthy(one);
  await instances.snapshot(one, { label: "s" });
  await instances.revert(one, { label: "s" });
  await untilHealthy(one);
  await instances.clone(one, { label: "s", new_name: two });
  await untilHealthy(two);
  await instances.stop(one);
  expect((await instances.get(one)).health).toBe("unknown");
  await instances.start(one);
  await untilHealthy(one);
  await world.restartDaemon();
  await untilHealthy(two);
});
