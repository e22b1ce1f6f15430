import { readFileSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { cpuSeconds } from "./machine.ts";
import type { Measurement } from "./measurement.ts";
import { timed, type WorldMaker } from "./stage.ts";
import { summarize } from "./statistics.ts";

const instances = 20;
const watchedMs = 60_000;
const spans = 4;
const requests = 500;

/** What the daemon takes for itself with many instances that do nothing, its health checks at their usual pace. */
export async function idle(makeWorld: WorldMaker): Promise<readonly Measurement[]> {
  const world = await makeWorld({
    poolBytes: 16 * 1024 ** 3,
    config: { plugins: { health_poll_interval: "30s" } },
  });
  for (let index = 0; index < instances; index += 1) {
    await world.client.instances.create({
      name: world.name(`i${index}`),
      workload_inline: { plugin: "echo", config: { text: "hi" } },
    });
  }
  // Fetched by a client without a library, to measure the daemon's part of it.
  const answers: number[] = [];
  await world.client.instances.list();
  for (let index = 0; index < requests; index += 1) {
    answers.push(await timed(async () => (await fetch(`${world.url}/api/v1/instances`)).text()));
  }
  const shares: number[] = [];
  const memory: number[] = [];
  for (let span = 0; span < spans; span += 1) {
    const [before, from] = [cpuSeconds(world.daemonPid), performance.now()];
    await pause(watchedMs / spans);
    const seconds = (performance.now() - from) / 1000;
    shares.push(((cpuSeconds(world.daemonPid) - before) / seconds) * 100);
    memory.push(residentMegabytes(world.daemonPid));
  }
  return [
    { name: `daemon's CPU, ${instances} idle instances`, unit: "%", ours: summarize(shares), aim: atMost(1) },
    { name: "daemon's resident memory", unit: "MB", ours: summarize(memory), aim: atMost(150) },
    {
      name: `GET /instances, ${instances} instances`,
      unit: "ms",
      ours: summarize(answers),
      aim: { kind: "p95 at most", atMost: 5 },
    },
  ];
}

const atMost = (value: number) => ({ kind: "at most", atMost: value }) as const;

function residentMegabytes(pid: number): number {
  const [, kilobytes = Number.NaN] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
  return (Number(kilobytes) * 1024) / 1_000_000;
}
