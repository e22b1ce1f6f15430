import { golden } from "./acts.ts";
import type { Measurement } from "./measurement.ts";
import { echoAt, interleaved, type Pairs, type Stage, timed, untilServing } from "./stage.ts";
import { summarize } from "./statistics.ts";

export interface Branching {
  readonly clone: Pairs;
  readonly revert: Pairs;
}

/** An instance of ours, by the word of its name, that has a snapshot `golden`. */
export async function branching({ world, floor, runs }: Stage, word: string): Promise<Branching> {
  const { instances } = world.client;
  const name = world.name(word);
  const copy = world.name(`${word}-copy`);
  // The bare script works on what it takes over of ours: the same bytes, and no second time as many.
  await floor.act("keep", world.tree(name), `${word}@${golden}`);
  await floor.act("clone", word, golden, word);
  const clone = await interleaved(
    runs,
    async () => {
      const took = await timed(async () => {
        await instances.clone(name, { label: golden, new_name: copy });
        await untilServing(await echoAt(world, copy));
      });
      await instances.delete(copy);
      return took;
    },
    async () => {
      const took = await floor.act("clone", word, golden, "copy");
      await floor.act("delete", "copy");
      return took;
    },
  );
  const port = await echoAt(world, name);
  const revert = await interleaved(
    runs,
    () =>
      timed(async () => {
        await instances.revert(name, { label: golden });
        await untilServing(port);
      }),
    (run) => floor.act("revert", word, golden, `kept-${run}`),
  );
  await floor.act("delete", word);
  return { clone, revert };
}

/** A line for each act of each, and one for the growth of each act from the first to the last. */
export function grown(named: readonly (readonly [name: string, measured: Branching])[]): readonly Measurement[] {
  const [first, last] = [named[0], named.at(-1)];
  if (first === undefined || last === undefined) return [];
  return (["clone", "revert"] as const).flatMap((act) => [
    ...named.map(([name, measured]): Measurement => line(`${act}, ${name}`, measured[act])),
    {
      ...line(`${act}, ${last[0]} and ${first[0]}`, { ours: last[1][act].ours, floor: first[1][act].ours }),
      aim: { kind: "times the floor", atMost: 1.1 },
    },
  ]);
}

function line(name: string, { ours, floor }: Pairs): Measurement {
  return { name, unit: "ms", ours: summarize(ours), floor: summarize(floor) };
}
