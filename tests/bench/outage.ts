import { base } from "./acts.ts";
import { type Answer, Client } from "./client/load.ts";
import type { Measurement } from "./measurement.ts";
import { echoAt, echoPort, interleaved, type Stage, untilServing } from "./stage.ts";
import { summarize } from "./statistics.ts";

/** How long a revert keeps a client without an answer, asked for every few milliseconds. */
export async function outage({ world, floor, runs }: Stage): Promise<readonly Measurement[]> {
  const name = world.name(base);
  const port = await echoAt(world, name);
  const seen = async (target: { host: string; port: number }, work: () => Promise<unknown>) => {
    const client = await Client.start({ ...target, everyMs: 5, timeoutMs: 500 });
    await work();
    // A request that came just before the service may still be on its way.
    await new Promise((resolve) => setTimeout(resolve, 100));
    return longestSilence(await client.stop());
  };
  const pairs = await interleaved(
    runs,
    () =>
      seen({ host: world.address, port }, async () => {
        await world.client.instances.revert(name, { label: "golden" });
        await untilServing(world, port);
      }),
    (run) =>
      seen({ host: floor.address(0), port: echoPort }, () => floor.act("revert", base, "golden", `outage-${run}`)),
  );
  return [
    {
      name: "client's wait during a revert",
      unit: "ms",
      ours: summarize(pairs.ours),
      floor: summarize(pairs.floor),
      aim: { kind: "above the floor", atMost: 100 },
    },
  ];
}

/** Between two answers next to each other. */
function longestSilence(answers: readonly Answer[]): number {
  const came = answers
    .filter(({ ok }) => ok)
    .map(({ at, ms }) => at + ms)
    .sort((a, b) => a - b);
  return Math.max(...came.map((time, index) => time - (came[index - 1] ?? time)));
}
