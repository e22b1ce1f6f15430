import { mkdirSync, rmdirSync } from "node:fs";
import { join } from "node:path";
import { createBtrfsStorage, run } from "@dockersnap/host";
import { base } from "./acts.ts";
import type { Measurement } from "./measurement.ts";
import { interleaved, type Stage, timed } from "./stage.ts";
import { summarize } from "./statistics.ts";

const many = 10;

/** What an instance without nested subvolumes pays for the look for them, and what one with some pays. */
export async function nestedTrees({ world, floor, runs }: Stage): Promise<readonly Measurement[]> {
  const name = world.name(base);
  const tree = world.tree(name);
  const storage = createBtrfsStorage({
    image: join(world.stateDir, "btrfs.img"),
    mountpoint: join(world.stateDir, "pool"),
  });
  const measured = async (what: string): Promise<Measurement> => {
    const pairs = await interleaved(
      runs,
      async (turn) => {
        const took = await timed(() => storage.snapshot(name, `nested-${turn}`));
        await storage.removeSnapshot(name, `nested-${turn}`);
        return took;
      },
      async (turn) => {
        const took = await floor.act("keep", tree, `nested-${turn}`);
        await floor.act("drop", `nested-${turn}`);
        return took;
      },
    );
    return {
      name: `the driver's snapshot, ${what}`,
      unit: "ms",
      ours: summarize(pairs.ours),
      floor: summarize(pairs.floor),
    };
  };
  const none = await measured("nothing nested");
  const folder = join(tree, "nested");
  mkdirSync(folder);
  const places = Array.from({ length: many }, (_, index) => join(folder, String(index)));
  for (const place of places) await run("btrfs", ["subvolume", "create", place]);
  const some = await measured(`${many} subvolumes nested`);
  await run("btrfs", ["subvolume", "delete", ...places]);
  rmdirSync(folder);
  return [none, some];
}
