import { untilReady } from "../support/standby.ts";
import { base, golden } from "./acts.ts";
import type { Measurement } from "./measurement.ts";
import { echoAt, interleaved, type Stage, StepTimes, timed, untilServing } from "./stage.ts";
import { summarize } from "./statistics.ts";

/** Runs on a machine that does nothing else: a take is too short to be told from what runs beside it. */
export async function standby({ world, floor, runs }: Stage): Promise<readonly Measurement[]> {
  const { instances } = world.client;
  const [source, name] = [world.name(base), world.name("copy")];
  const steps = new StepTimes(world);
  await instances.setStandby(source, golden, { count: 1 });
  await floor.act("clone", base, golden, "held");
  const pairs = await interleaved(
    runs,
    async () => {
      await untilReady(world, 1);
      const took = await timed(async () => {
        await instances.clone(source, { label: golden, new_name: name }, steps.follow);
        await untilServing(world, await echoAt(world, name));
      });
      await steps.add();
      await instances.delete(name);
      return took;
    },
    async () => {
      // The next one is being made behind the last.
      await untilReady(world, 1);
      await floor.act("hold", "held");
      return floor.act("take", "held");
    },
  );
  await floor.act("delete", "held");
  await instances.removeStandby(source, golden);
  return [
    {
      name: "clone (one waits)",
      unit: "ms",
      ours: summarize(pairs.ours),
      floor: summarize(pairs.floor),
      aim: { kind: "p95 at most", atMost: 150 },
      steps: steps.medians(),
    },
  ];
}
