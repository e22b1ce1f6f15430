import { Engine } from "./engine.ts";
import type { World } from "./world.ts";

/** An instance without a workload, and its engine with the test image in it. */
export async function bareInstance(world: World, word: string): Promise<{ name: string; engine: Engine }> {
  const name = world.name(word);
  await world.client.instances.create({ name });
  return { name, engine: await Engine.of(world, name) };
}

/** The host port that leads to what an instance publishes on `published`. */
export async function hostPortOf(world: World, name: string, published: number): Promise<number> {
  const { ports } = await world.client.instances.ports(name);
  const mapping = ports.find(({ container_port }) => container_port === published);
  if (mapping === undefined) throw new Error(`Nothing is forwarded to port ${published} of ${name}.`);
  return mapping.host_port;
}
