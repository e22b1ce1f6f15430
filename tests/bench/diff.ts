import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { Engine } from "../support/engine.ts";
import type { Measurement } from "./measurement.ts";
import { interleaved, timed, type WorldMaker } from "./stage.ts";
import { median, summarize } from "./statistics.ts";

const execute = promisify(execFile);

const folders = 100;
const filesEach = 1_000;
const total = folders * filesEach;

/** What the daemon takes to tell the few changes of a volume of many files, and whether it answers others meanwhile. */
export async function diff(makeWorld: WorldMaker, runs: number): Promise<readonly Measurement[]> {
  const world = await makeWorld({ poolBytes: 8 * 1024 ** 3 });
  const name = world.name("files");
  await world.client.instances.create({ name });
  const engine = await Engine.of(world, name);
  await engine.run({ name: "writer", volumes: ["data:/data"] });
  const sh = async (script: string) => {
    const { code, output } = await engine.exec("writer", "sh", "-c", `set -e; cd /data; ${script}; sync`);
    if (code !== 0) throw new Error(output);
  };
  for (let folder = 0; folder < folders; folder += 1) {
    await sh(`mkdir ${folder}; i=0; while [ $i -lt ${filesEach} ]; do echo $i > ${folder}/$i; i=$((i+1)); done`);
  }
  await world.client.instances.snapshot(name, { label: "before" });
  await sh("echo changed > 5/1; echo changed > 50/2; rm 6/3; echo new > 7/new");

  const trees = [`${world.stateDir}/pool/snapshots/${name}/before`, `${world.stateDir}/pool/instances/${name}`];
  const answers: number[] = [];
  const alone = await healthWhile(world.url, () => timed(() => execute("sleep", ["1"])));
  const { ours, floor } = await interleaved(
    runs,
    async () => {
      const during = await healthWhile(world.url, () => timed(() => look()));
      answers.push(...during.answers);
      return during.took;
    },
    () =>
      timed(async () => {
        for (const tree of trees) await execute("find", [tree, "-printf", "%s %i %C@\\n"], { maxBuffer: 2 ** 30 });
      }),
  );
  async function look(): Promise<void> {
    const { volumes, looked_at } = await world.client.instances.diff(name);
    const [data] = volumes;
    const seen = [data?.files?.added, data?.files?.removed, data?.files?.changed].join();
    if (seen !== "1,1,2" || looked_at.entries < 2 * total) throw new Error(`The diff saw ${seen}.`);
  }
  return [
    {
      name: `diff of ${total} files, snapshot to now`,
      unit: "ms",
      ours: summarize(ours),
      floor: summarize(floor),
      aim: { kind: "times the floor", atMost: 3 },
    },
    {
      name: "GET /health during it",
      unit: "ms",
      ours: summarize(answers),
      floor: summarize(alone.answers),
      aim: { kind: "p95 at most", atMost: 50 },
      notes: [
        `the slowest of ${answers.length} took ${Math.max(...answers).toFixed(1)} ms, the median ${median(answers)} ms`,
      ],
    },
  ];
}

/** How long the daemon takes to answer, asked again and again until the work is done. */
async function healthWhile(url: string, work: () => Promise<number>): Promise<{ took: number; answers: number[] }> {
  const answers: number[] = [];
  let isDone = false;
  const asking = (async () => {
    while (!isDone) answers.push(await timed(async () => (await fetch(`${url}/api/v1/health`)).text()));
  })();
  try {
    return { took: await work(), answers };
  } finally {
    isDone = true;
    await asking;
  }
}
