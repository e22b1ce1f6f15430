import { base } from "./acts.ts";
import { type Answer, Client, now } from "./client/load.ts";
import { runBeside } from "./inside.ts";
import type { Measurement } from "./measurement.ts";
import { echoAt, interleaved, type Stage, timed } from "./stage.ts";
import { summarize } from "./statistics.ts";

const stalledMs = 100;

/** What a client of the service and a writer in the instance notice of snapshots, and what those two cost the snapshots. */
export async function liveSnapshot(stage: Stage): Promise<readonly Measurement[]> {
  const quiet = await underLoad(stage, "with clients");
  const writer = await runBeside(stage.world, stage.world.name(base), "writer", {
    options: ["--volume", "bench:/bench"],
    command: ["sh", "-c", "while :; do dd if=/dev/zero of=/bench/file bs=1M count=256 conv=notrunc; done"],
  });
  try {
    return [...quiet, ...(await underLoad(stage, "with clients and a writer"))];
  } finally {
    await writer[Symbol.asyncDispose]();
  }
}

interface Span {
  readonly from: number;
  readonly to: number;
}

async function underLoad({ world, floor, runs }: Stage, load: string): Promise<readonly Measurement[]> {
  const name = world.name(base);
  const tree = world.tree(name);
  const client = await Client.start({
    host: world.address,
    port: await echoAt(world, name),
    clients: 2,
    timeoutMs: 5000,
  });
  const ours: Span[] = [];
  const bare: Span[] = [];
  const spanned = async (spans: Span[], work: () => Promise<number>) => {
    const from = now();
    const took = await work();
    spans.push({ from, to: now() });
    return took;
  };
  const pairs = await interleaved(
    runs,
    async (run) => {
      const label = `live-${run}`;
      const took = await spanned(ours, () => timed(() => world.client.instances.snapshot(name, { label })));
      await world.client.instances.deleteSnapshot(name, label);
      return took;
    },
    async (run) => {
      const took = await spanned(bare, () => floor.act("keep", tree, `live-${run}`));
      await floor.act("drop", `live-${run}`);
      return took;
    },
  );
  const answers = await client.stop();
  const failed = answers.filter(({ ok }) => !ok);
  const stalled = answers.filter(({ ok, ms }) => ok && ms > stalledMs);
  const during = (spans: readonly Span[], of: readonly Answer[]) =>
    of.filter((answer) => spans.some(({ from, to }) => answer.at < to && answer.at + answer.ms > from)).length;
  return [
    {
      name: `snapshot ${load}`,
      unit: "ms",
      ours: summarize(pairs.ours),
      floor: summarize(pairs.floor),
      aim: { kind: "above the floor", atMost: 25 },
    },
    {
      name: `requests hurt, ${load}`,
      unit: "requests",
      ours: summarize([during(ours, failed) + during(ours, stalled)]),
      floor: summarize([during(bare, failed) + during(bare, stalled)]),
      aim: { kind: "at most", atMost: 0 },
      notes: [
        `${answers.length} requests; ${failed.length} failed, of them ${during(ours, failed)} during a snapshot of ours and ${during(bare, failed)} during a bare one`,
        `${stalled.length} took over ${stalledMs} ms, of them ${during(ours, stalled)} during a snapshot of ours and ${during(bare, stalled)} during a bare one`,
        `the slowest during ours ${slowest(answers, ours)} ms, during a bare one ${slowest(answers, bare)} ms, at any time ${Math.round(Math.max(...answers.map(({ ms }) => ms)))} ms`,
      ],
    },
  ];
}

function slowest(answers: readonly Answer[], spans: readonly Span[]): number {
  const within = answers.filter(({ at, ms }) => spans.some(({ from, to }) => at < to && at + ms > from));
  return Math.round(Math.max(0, ...within.map(({ ms }) => ms)));
}
