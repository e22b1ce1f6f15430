import { randomFillSync } from "node:crypto";
import { statfsSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { worldsRoot } from "../support/world.ts";
import { golden } from "./acts.ts";
import { branching, type Kept } from "./branching.ts";
import type { Measurement } from "./measurement.ts";
import { interleaved, type Stage, type StageMaker, timed } from "./stage.ts";
import { summarize } from "./statistics.ts";

const megabyte = 1_000_000;
const sizes = [100, 1_000, 10_000] as const;
const freshMegabytes = 1_000;

/** Each snapshot is taken after a gigabyte was written, which takes longer than everything else here. */
const mostFreshRuns = 5;

/** Kept free of what the host has: the data, what is written afresh beside snapshots of it, and room to work. */
const neededBytes = 25_000 * megabyte;

/** Whether the size of what an instance holds tells in its clones and reverts, and in a live snapshot right after much was written. */
export async function size(makeStage: StageMaker): Promise<readonly Measurement[]> {
  const { bavail, bsize } = statfsSync(worldsRoot);
  if (bavail * bsize < neededBytes) throw new Error(`${worldsRoot} has less than ${neededBytes / megabyte} MB free.`);
  const stage = await makeStage({ poolBytes: 40 * 1024 ** 3 });
  const { world } = stage;
  const kept: Kept[] = [];
  for (const megabytes of sizes) {
    const word = `m${megabytes}`;
    const name = world.name(word);
    await world.client.instances.create({ name, workload_inline: { plugin: "echo" } });
    await fill(world.tree(name), megabytes);
    await world.client.instances.snapshot(name, { label: golden });
    kept.push({ word, says: megabytes < 1_000 ? `${megabytes} MB` : `${megabytes / 1_000} GB` });
  }
  const lines = await branching(stage, kept);
  const largest = kept.at(-1);
  return largest === undefined ? lines : [...lines, ...(await freshlyWritten(stage, largest))];
}

async function freshlyWritten({ world, floor, runs }: Stage, { word, says }: Kept): Promise<Measurement[]> {
  const name = world.name(word);
  const tree = world.tree(name);
  const atomic: number[] = [];
  const pairs = await interleaved(
    Math.min(runs, mostFreshRuns),
    async (run) => {
      const label = `fresh-${run}`;
      await rewrite(tree, freshMegabytes);
      const took = await timed(async () => {
        const { atomic_ms = Number.NaN } = await world.client.instances.snapshot(name, { label });
        atomic.push(atomic_ms);
      });
      await world.client.instances.deleteSnapshot(name, label);
      return took;
    },
    async (run) => {
      await rewrite(tree, freshMegabytes);
      const took = await floor.act("keep", tree, `fresh-${run}`);
      await floor.act("drop", `fresh-${run}`);
      return took;
    },
  );
  const what = `snapshot of ${says}, 1 GB just written`;
  return [
    { name: what, unit: "ms", ours: summarize(pairs.ours), floor: summarize(pairs.floor) },
    { name: `${what}: atomic step`, unit: "ms", ours: summarize(atomic), aim: { kind: "at most", atMost: 50 } },
  ];
}

const fileMegabytes = 10;
const pattern = randomFillSync(Buffer.alloc(fileMegabytes * megabyte));

/** Files of ten megabytes in a volume of the instance, of random bytes that nothing compresses and none of it sparse. */
async function fill(tree: string, megabytes: number): Promise<void> {
  const folder = join(tree, "volumes", "bench", "_data");
  await mkdir(folder, { recursive: true });
  for (let file = 0; file < megabytes / fileMegabytes; file += 1) {
    pattern.writeUInt32LE(file);
    await writeFile(join(folder, `file-${file}`), pattern);
  }
}

/** New bytes in the place of what the volume's first files held, left to the kernel to write out. */
async function rewrite(tree: string, megabytes: number): Promise<void> {
  randomFillSync(pattern);
  await fill(tree, megabytes);
}
