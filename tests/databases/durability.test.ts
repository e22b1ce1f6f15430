import type { SnapshotMode } from "@dockersnap/contract/words";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { installScript } from "../e2e/plugins/told-plugin.ts";
import { hostPortOf } from "../support/instance.ts";
import { World } from "../support/world.ts";
import type { Database, Running } from "./database.ts";
import { postgres } from "./postgres.ts";
import { quiescedRedis, redis } from "./redis.ts";

let world: World;

beforeAll(async () => {
  world = await World.start();
});
afterAll(() => world?.end());

/** How often each mode is put to the test, at a moment nobody chose. */
const moments: readonly SnapshotMode[] = ["live", "live", "live", "live", "paused", "paused", "stopped"];

describe.each([
  ["PostgreSQL", postgres],
  ["Redis", redis],
  ["Redis that its plugin's hooks hold still", quiescedRedis],
])("%s under write load", (word, make) => {
  let database: Database;
  let source: Running;
  /** The last number an earlier writer sent. */
  let last = 0;

  beforeAll(async () => {
    database = await make();
    const name = world.name(word.toLowerCase().split(" ", 2).join("-"));
    const { plugin } = database;
    if (plugin !== undefined) {
      installScript(world, plugin.name, plugin.script);
      await world.client.plugins.reload();
    }
    await world.client.instances.create({
      name,
      ...(plugin === undefined ? {} : { workload_inline: { plugin: plugin.name } }),
    });
    source = await running(name);
    await database.start(source);
  }, 300_000);

  it.each(moments.map((mode, index) => ({ mode, label: `moment-${index + 1}` })))(
    "recovers from a $mode snapshot ($label) with all that was acknowledged before it and nothing sent after it",
    async ({ mode, label }) => {
      const writer = database.write(source, last);
      try {
        await writer.untilMore(20 + Math.floor(Math.random() * 200));
        const acknowledged = [...writer.acknowledged];
        const snapshot = await world.client.instances.snapshot(source.instance, { label, mode });
        const sent = writer.sent;
        if (mode === "paused") expect(snapshot.freeze_ms).toBeGreaterThan(0);
        await writer.untilMore(20);
        await writer.stop();

        const name = `${source.instance}-${label}`;
        await world.client.instances.clone(source.instance, { label, new_name: name });
        const copy = await running(name);
        await database.untilReady(copy);
        const found = await database.read(copy);
        const lost = acknowledged.filter((number) => !found.has(number));
        const fromLater = [...found].filter((number) => number > sent);
        // One writer sends the next number when the one before is acknowledged, so nothing is missing before the newest.
        const newest = Math.max(...found);
        const missing = [...writer.acknowledged].filter((number) => number < newest && !found.has(number));
        expect({ lost, fromLater, missing }).toEqual({ lost: [], fromLater: [], missing: [] });
        await world.client.instances.delete(name);
      } finally {
        await writer.stop();
        last = writer.sent;
      }
    },
  );
});

async function running(instance: string): Promise<Running> {
  const { socket } = await world.client.instances.get(instance);
  const { address } = world;
  return { instance, socket, address, hostPort: (published) => hostPortOf(world, instance, published) };
}
