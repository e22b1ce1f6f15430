import { parseArgs } from "node:util";
import { World } from "../support/world.ts";
import { clone, createAndDelete, makeBase, removeBase, revert, snapshot, stopAndStart } from "./acts.ts";
import { commandLine } from "./command-line.ts";
import { Floor } from "./floor/floor.ts";
import { idle } from "./idle.ts";
import { liveSnapshot } from "./live-snapshot.ts";
import { describeMachine } from "./machine.ts";
import type { Measurement } from "./measurement.ts";
import { outage } from "./outage.ts";
import { plugins } from "./plugins.ts";
import { table, writeJson } from "./report.ts";
import type { Stage, WorldMaker } from "./stage.ts";
import { throughput } from "./throughput.ts";

/** By the names `--only` takes. Those on the stage share one daemon and one bare script. */
const onStage: Readonly<Record<string, (stage: Stage) => Promise<readonly Measurement[]>>> = {
  create: createAndDelete,
  snapshot,
  revert,
  clone,
  start: stopAndStart,
  live: liveSnapshot,
  outage,
  throughput,
  cli: commandLine,
};
const byThemselves: Readonly<Record<string, (make: WorldMaker, runs: number) => Promise<readonly Measurement[]>>> = {
  plugins,
  idle,
};

const names = [...Object.keys(onStage), ...Object.keys(byThemselves)];
const usage = `npm run bench -- [--runs N] [--only NAME]...   NAME: ${names.join(", ")}`;

const { values } = parseArgs({
  options: { runs: { type: "string", default: "10" }, only: { type: "string", multiple: true, default: [] } },
});
const runs = Number(values.runs);
const unknown = values.only.filter((name) => !names.includes(name));
if (!Number.isInteger(runs) || runs < 1 || unknown.length > 0) {
  console.error(usage);
  process.exit(2);
}
const wanted = (name: string) => values.only.length === 0 || values.only.includes(name);

const made = new AsyncDisposableStack();
let interrupted = false;
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.on(signal, async () => {
    if (interrupted) return;
    interrupted = true;
    await made.disposeAsync();
    process.exit(130);
  });
}

const begunAt = new Date();
const machine = describeMachine();
const measurements: Measurement[] = [];
const keep = (found: readonly Measurement[]) => {
  measurements.push(...found);
  for (const { name, steps, notes = [] } of found) {
    if (steps !== undefined)
      console.log(
        `${name}: ${Object.entries(steps)
          .map(([step, ms]) => `${step} ${ms}`)
          .join(", ")}`,
      );
    for (const note of notes) console.log(`${name}: ${note}`);
  }
};
try {
  const makeWorld: WorldMaker = async (options) => {
    const world = await World.prepare({
      ...options,
      config: { log_level: "info", api: { proxy_bind: "127.0.0.1" }, ...options.config },
    });
    made.use(world);
    await world.startDaemon();
    return world;
  };
  if (Object.keys(onStage).some(wanted)) {
    const world = await makeWorld({ poolBytes: 16 * 1024 ** 3 });
    const floor = made.use(await Floor.start(world));
    const stage: Stage = { world, floor, runs };
    await makeBase(stage);
    for (const [name, measure] of Object.entries(onStage)) if (wanted(name)) keep(await measure(stage));
    await removeBase(stage);
  }
  for (const [name, measure] of Object.entries(byThemselves)) if (wanted(name)) keep(await measure(makeWorld, runs));
  console.log(`\n${table(measurements)}\n`);
  console.log(`Written to ${writeJson(machine, measurements, begunAt)}`);
} catch (error) {
  // What an interrupt took away under a measurement fails it, which says nothing.
  if (!interrupted) throw error;
} finally {
  if (!interrupted) await made.disposeAsync();
}
