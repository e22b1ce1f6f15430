import { parseArgs } from "node:util";
import { World, type WorldOptions } from "../support/world.ts";
import { makeBase } from "./acts.ts";
import { Floor } from "./floor/floor.ts";
import { describeMachine } from "./machine.ts";
import type { Measurement } from "./measurement.ts";
import { type Part, parts } from "./parts.ts";
import { pageOf, writeJson } from "./report.ts";
import type { Stage } from "./stage.ts";

const gibibyte = 1024 ** 3;

const names = parts.map(({ name }) => name);
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
const wanted = parts.filter(({ name }) => values.only.length === 0 || values.only.includes(name));

const made = new AsyncDisposableStack();
let interrupted = false;
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.on(signal, async () => {
    if (interrupted) return;
    interrupted = true;
    await made.disposeAsync();
    process.exit(130);
  });
}

async function makeWorld(scope: AsyncDisposableStack, options: WorldOptions): Promise<World> {
  const world = await World.prepare({ ...options, config: { log_level: "info", ...options.config } });
  scope.use(world);
  await world.startDaemon();
  return world;
}

async function makeStage(scope: AsyncDisposableStack, options: WorldOptions): Promise<Stage> {
  const world = await makeWorld(scope, options);
  return { world, floor: scope.use(await Floor.start(world)), runs };
}

/** Of a part, which leaves nothing behind for the next but what is shared. */
async function measure(part: Part, shared: Stage | undefined): Promise<readonly Measurement[]> {
  if (part.of === "shared") return shared === undefined ? [] : part.measure(shared);
  await using scope = made.use(new AsyncDisposableStack());
  return part.of === "stage"
    ? await part.measure((options) => makeStage(scope, options))
    : await part.measure((options) => makeWorld(scope, options), runs);
}

function tell(found: readonly Measurement[]): void {
  for (const { name, steps, notes = [] } of found) {
    const times = Object.entries(steps ?? {}).map(([step, ms]) => `${step} ${ms}`);
    if (times.length > 0) console.log(`${name}: ${times.join(", ")}`);
    for (const note of notes) console.log(`${name}: ${note}`);
  }
}

/** A failure of the cleaning up hides the one it came after. */
function causesOf(error: unknown): readonly unknown[] {
  return error instanceof SuppressedError ? [...causesOf(error.suppressed), ...causesOf(error.error)] : [error];
}

const begunAt = new Date();
const machine = describeMachine();
const measured: { part: Part; found: readonly Measurement[] }[] = [];
const failed: string[] = [];
try {
  let shared: Stage | undefined;
  if (wanted.some(({ of }) => of === "shared")) {
    shared = await makeStage(made, { poolBytes: 16 * gibibyte });
    await makeBase(shared);
  }
  for (const part of wanted) {
    try {
      const found = await measure(part, shared);
      measured.push({ part, found });
      tell(found);
    } catch (error) {
      // What an interrupt took away under a measurement fails it, which says nothing.
      if (interrupted) break;
      failed.push(part.name);
      for (const cause of causesOf(error)) console.error(`${part.name} could not be measured:`, cause);
    }
  }
} finally {
  if (!interrupted) await made.disposeAsync();
}
if (!interrupted) {
  console.log(`\n${pageOf(machine, measured, begunAt)}\n`);
  console.log(
    `Written to ${writeJson(
      machine,
      measured.flatMap(({ found }) => found),
      begunAt,
    )}`,
  );
  if (failed.length > 0) {
    console.error(`Not measured: ${failed.join(", ")}`);
    process.exitCode = 1;
  }
}
