import { base, golden } from "./acts.ts";
import type { Measurement } from "./measurement.ts";
import { echoAt, interleaved, type Stage, timed, untilServing } from "./stage.ts";
import { summarize } from "./statistics.ts";

const together = 8;

/** Clones of one snapshot, asked for at once, until each of them answers; and one by itself. */
export async function fanOut({ world, floor, runs }: Stage): Promise<readonly Measurement[]> {
  const { instances } = world.client;
  const words = Array.from({ length: together }, (_, index) => `copy${index}`);
  const clone = async (word: string) => {
    await instances.clone(world.name(base), { label: golden, new_name: world.name(word) });
    await untilServing(world, await echoAt(world, world.name(word)));
  };
  const all = async (names: readonly string[]) => {
    const took = await timed(() => Promise.all(names.map(clone)));
    for (const word of names) await instances.delete(world.name(word));
    return took;
  };
  const ours = await interleaved(
    runs,
    () => all(words),
    () => all(words.slice(0, 1)),
  );
  const bare = await interleaved(
    runs,
    () => bareClones(words),
    () => bareClones(words.slice(0, 1)),
  );
  return [
    {
      name: `${together} clones at once, and one`,
      unit: "ms",
      ours: summarize(ours.ours),
      floor: summarize(ours.floor),
      aim: { kind: "times the floor", atMost: 3 },
    },
    {
      name: `${together} bare clones at once, and one`,
      unit: "ms",
      ours: summarize(bare.ours),
      floor: summarize(bare.floor),
    },
  ];

  async function bareClones(names: readonly string[]): Promise<number> {
    const took = await floor.act("clones", base, golden, ...names);
    for (const word of names) await floor.act("delete", word);
    return took;
  }
}
