import type { Measurement } from "./measurement.ts";
import { echoAt, interleaved, type Pairs, type Stage, StepTimes, timed, untilServing } from "./stage.ts";
import { summarize } from "./statistics.ts";

const echo = { plugin: "echo", config: { text: "hi" } };
const tenth = { kind: "times the floor", atMost: 1.1 } as const;

/** Name and label of the instance both sides have for the acts that need one. */
export const base = "base";
export const golden = "golden";

export async function makeBase({ world, floor }: Stage): Promise<void> {
  await world.client.instances.create({ name: world.name(base), workload_inline: echo });
  await world.client.instances.snapshot(world.name(base), { label: golden });
  await untilServing(world, await echoAt(world, world.name(base)));
  await floor.act("create", base);
  await floor.act("snapshot", base, golden);
}

/** From nothing to a service that answers, and back to nothing. */
export async function createAndDelete({ world, floor, runs }: Stage): Promise<readonly Measurement[]> {
  const { instances } = world.client;
  const creating = new StepTimes(world);
  const deleting = new StepTimes(world);
  const removal: Pairs = { ours: [], floor: [] };
  const firstLines: number[] = [];
  const creation = await interleaved(
    runs,
    async () => {
      const name = world.name("new");
      const begun = performance.now();
      let firstLine: number | undefined;
      const onProgress = () => {
        firstLine ??= performance.now() - begun;
      };
      const took = await timed(async () => {
        await instances.create({ name, workload_inline: echo }, { ...creating.follow, onProgress });
        await untilServing(world, await echoAt(world, name));
      });
      if (firstLine !== undefined) firstLines.push(firstLine);
      await creating.add();
      removal.ours.push(await timed(() => instances.delete(name, deleting.follow)));
      await deleting.add();
      return took;
    },
    async () => {
      const took = await floor.act("create", "new");
      removal.floor.push(await floor.act("delete", "new"));
      return took;
    },
  );
  return [
    measurement("create", creation, creating, tenth),
    {
      name: "first line of a create's progress",
      unit: "ms",
      ours: summarize(firstLines),
      aim: { kind: "p95 at most", atMost: 50 },
    },
    measurement("delete", removal, deleting),
  ];
}

export async function snapshot({ world, floor, runs }: Stage): Promise<readonly Measurement[]> {
  const name = world.name(base);
  const steps = new StepTimes(world);
  const pairs = await interleaved(
    runs,
    async (run) => {
      const took = await timed(() => world.client.instances.snapshot(name, { label: `bench-${run}` }, steps.follow));
      await steps.add();
      await world.client.instances.deleteSnapshot(name, `bench-${run}`);
      return took;
    },
    (run) => floor.act("snapshot", base, `bench-${run}`),
  );
  return [measurement("snapshot (live)", pairs, steps, { kind: "above the floor", atMost: 25 })];
}

export async function revert({ world, floor, runs }: Stage): Promise<readonly Measurement[]> {
  const name = world.name(base);
  const port = await echoAt(world, name);
  const steps = new StepTimes(world);
  const pairs = await interleaved(
    runs,
    async () => {
      const took = await timed(async () => {
        await world.client.instances.revert(name, { label: golden }, steps.follow);
        await untilServing(world, port);
      });
      await steps.add();
      return took;
    },
    (run) => floor.act("revert", base, golden, `kept-${run}`),
  );
  return [measurement("revert", pairs, steps, tenth)];
}

export async function clone({ world, floor, runs }: Stage): Promise<readonly Measurement[]> {
  const { instances } = world.client;
  const name = world.name("copy");
  const steps = new StepTimes(world);
  const pairs = await interleaved(
    runs,
    async () => {
      const took = await timed(async () => {
        await instances.clone(world.name(base), { label: golden, new_name: name }, steps.follow);
        await untilServing(world, await echoAt(world, name));
      });
      await steps.add();
      await instances.delete(name);
      return took;
    },
    async () => {
      const took = await floor.act("clone", base, golden, "copy");
      await floor.act("delete", "copy");
      return took;
    },
  );
  return [measurement("clone", pairs, steps, tenth)];
}

export async function stopAndStart({ world, floor, runs }: Stage): Promise<readonly Measurement[]> {
  const { instances } = world.client;
  const name = world.name(base);
  const port = await echoAt(world, name);
  const stopping = new StepTimes(world);
  const starting = new StepTimes(world);
  const stops: Pairs = { ours: [], floor: [] };
  const starts = await interleaved(
    runs,
    async () => {
      stops.ours.push(await timed(() => instances.stop(name, stopping.follow)));
      await stopping.add();
      const took = await timed(async () => {
        await instances.start(name, starting.follow);
        await untilServing(world, port);
      });
      await starting.add();
      return took;
    },
    async () => {
      stops.floor.push(await floor.act("stop", base));
      return floor.act("start", base);
    },
  );
  return [measurement("start", starts, starting, tenth), measurement("stop", stops, stopping)];
}

function measurement(name: string, { ours, floor }: Pairs, steps: StepTimes, aim?: Measurement["aim"]): Measurement {
  return {
    name,
    unit: "ms",
    ours: summarize(ours),
    floor: summarize(floor),
    ...(aim === undefined ? {} : { aim }),
    steps: steps.medians(),
  };
}
