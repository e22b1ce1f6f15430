import { randomFillSync } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { World } from "../support/world.ts";
import { golden } from "./acts.ts";
import { branching, type Kept } from "./branching.ts";
import { against } from "./command-line.ts";
import type { Measurement } from "./measurement.ts";
import { interleaved, type StageMaker, timed } from "./stage.ts";
import { summarize } from "./statistics.ts";

const counts = [10, 100, 1_000] as const;

/** Written anew before each snapshot, so that no two are the same. */
const changedBytes = 64 * 1024;

/** A question is short, so it takes more of them to tell. */
const questionsPerRun = 5;

/** Whether the number of an instance's snapshots tells in its clones and reverts, and in what is asked about it. */
export async function manySnapshots(makeStage: StageMaker): Promise<readonly Measurement[]> {
  const stage = await makeStage({ poolBytes: 16 * 1024 ** 3 });
  const { world, runs } = stage;
  const kept: Kept[] = [];
  for (const count of counts) {
    const word = `n${count}`;
    const name = world.name(word);
    await world.client.instances.create({ name, workload_inline: { plugin: "echo" } });
    await take(world, name, count);
    kept.push({ word, says: `${count} snapshots` });
  }
  const most = Math.max(...counts);
  const asked = await questions(world, world.name(`n${most}`), most, runs);
  return [...(await branching(stage, kept)), ...asked];
}

async function take(world: World, name: string, count: number): Promise<void> {
  const folder = join(world.tree(name), "volumes", "bench", "_data");
  mkdirSync(folder, { recursive: true });
  for (let index = 1; index < count; index += 1) {
    writeFileSync(join(folder, "file"), randomFillSync(Buffer.alloc(changedBytes)));
    await world.client.instances.snapshot(name, { label: `s${index}` });
  }
  await world.client.instances.snapshot(name, { label: golden });
}

/** The API's answers beside its shortest one, and the command line beside the same Node that does nothing. */
async function questions(world: World, name: string, count: number, runs: number): Promise<readonly Measurement[]> {
  const get = (path: string) => timed(async () => (await fetch(`${world.url}/api/v1${path}`)).arrayBuffer());
  const answer = async (what: string, path: string): Promise<Measurement> => {
    await get(path);
    const { ours, floor } = await interleaved(
      runs * questionsPerRun,
      () => get(path),
      () => get("/health"),
    );
    return {
      name: `${what}, ${count} snapshots`,
      unit: "ms",
      ours: summarize(ours),
      floor: summarize(floor),
      aim: { kind: "p95 at most", atMost: 50 },
    };
  };
  return [
    await answer("GET history", `/instances/${name}/history`),
    await answer("GET snapshots", `/instances/${name}/snapshots`),
    await answer("GET instances", "/instances"),
    ...(await against(world, runs, [
      { verb: ["history", name], aim: { kind: "above the floor", atMost: 50 }, note: `, ${count} snapshots` },
      { verb: ["list"], aim: { kind: "above the floor", atMost: 50 }, note: `, ${count} snapshots` },
    ])),
  ];
}
