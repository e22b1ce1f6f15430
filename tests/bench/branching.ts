import { golden } from "./acts.ts";
import type { Measurement } from "./measurement.ts";
import { echoAt, interleaved, type Pairs, type Stage, StepTimes, timed, untilServing } from "./stage.ts";
import { summarize } from "./statistics.ts";

/** What an instance is here for, in the table's words. */
export interface Kept {
  /** Of its name, which the bare script has for its own too; short, for network devices are called by it. */
  readonly word: string;
  readonly says: string;
}

type Act = (word: string, steps: StepTimes, run: number) => Promise<number>;

/**
 * Clones and reverts of instances of ours that each have a snapshot `golden`, a line for each, and one for how much longer they
 * take of the last than of the first.
 */
export async function branching(stage: Stage, kept: readonly Kept[]): Promise<readonly Measurement[]> {
  const { world, floor } = stage;
  for (const { word } of kept) {
    // The bare script works on what it takes over of ours: the same bytes, and no second time as many.
    await floor.act("keep", world.tree(world.name(word)), `${word}@${golden}`);
    await floor.act("clone", word, golden, word);
  }
  const lines = [
    ...(await measured(stage, "clone", kept, cloneOurs, async (word) => {
      const took = await floor.act("clone", word, golden, "copy");
      await floor.act("delete", "copy");
      return took;
    })),
    ...(await measured(stage, "revert", kept, revertOurs, (word, _steps, run) =>
      floor.act("revert", word, golden, `kept-${run}`),
    )),
  ];
  for (const { word } of kept) await floor.act("delete", word);
  return lines;

  async function cloneOurs(word: string, steps: StepTimes): Promise<number> {
    const copy = world.name("copy");
    const took = await timed(async () => {
      await world.client.instances.clone(world.name(word), { label: golden, new_name: copy }, steps.follow);
      await untilServing(world, await echoAt(world, copy));
    });
    await steps.add();
    await world.client.instances.delete(copy);
    return took;
  }

  async function revertOurs(word: string, steps: StepTimes): Promise<number> {
    const port = await echoAt(world, world.name(word));
    const took = await timed(async () => {
      await world.client.instances.revert(world.name(word), { label: golden }, steps.follow);
      await untilServing(world, port);
    });
    await steps.add();
    return took;
  }
}

/** All of them in each run, so that what else the machine does hits those of any size alike. */
async function measured(
  { world, runs }: Stage,
  what: string,
  kept: readonly Kept[],
  ours: Act,
  bare: Act,
): Promise<readonly Measurement[]> {
  const all = kept.map((one) => ({ ...one, steps: new StepTimes(world), pairs: { ours: [], floor: [] } as Pairs }));
  for (let run = 0; run < runs; run += 1) {
    for (const { word, steps, pairs } of run % 2 === 0 ? all : all.toReversed()) {
      const taken = await interleaved(
        1,
        () => ours(word, steps, run),
        () => bare(word, steps, run),
      );
      pairs.ours.push(...taken.ours);
      pairs.floor.push(...taken.floor);
    }
  }
  const lines = all.map(
    ({ says, pairs, steps }): Measurement => ({
      name: `${what}, ${says}`,
      unit: "ms",
      ours: summarize(pairs.ours),
      floor: summarize(pairs.floor),
      steps: steps.medians(),
    }),
  );
  const [first, last] = [lines[0], lines.at(-1)];
  if (first === undefined || last === undefined) return lines;
  const growth = `${last.name}, and ${first.name.slice(what.length + 2)}`;
  return [
    ...lines,
    {
      name: growth,
      unit: "ms",
      ours: last.ours,
      floor: first.ours,
      aim: { kind: "times the floor", atMost: 1.1 },
    },
  ];
}
