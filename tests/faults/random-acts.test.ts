import { join } from "node:path";
import { expect, it } from "vitest";
import { repository } from "../support/repository.ts";
import { Trial } from "./random/trial.ts";
import { drawTurns, shortest, type Turn } from "./random/turns.ts";

/**
 * The core's ten thousand random acts run on fakes; these run on a real btrfs, with a daemon that is really killed: a few on
 * real engines, more on ones that are up in milliseconds and are no engines otherwise. `RANDOM_ACTS=10000` runs so many of
 * the latter, `DOCKERSNAP_TEST_SEED=17` tries others, and `RANDOM_ACTS_REPLAY` does what a failure printed.
 */
const seed = Number(process.env.DOCKERSNAP_TEST_SEED ?? 79);
/** What must have happened in the forty acts on real engines, so that they try something: as drawn by the default seed. */
const least =
  process.env.DOCKERSNAP_TEST_SEED === undefined ? { operations: 15, killed: 3 } : { operations: 0, killed: 0 };
const wanted = Number(process.env.RANDOM_ACTS ?? 60);
const replay = process.env.RANDOM_ACTS_REPLAY;
/** So many acts begin with an empty pool. */
const inOneWorld = 250;
const shortenWithinMs = Number(process.env.RANDOM_ACTS_SHORTEN_S ?? 240) * 1000;

const engines = {
  real: {},
  light: { docker: { binary: join(repository, "tests/faults/random/light-engine") } },
} as const;
type Engines = keyof typeof engines;

/** Do these acts in a world of their own. Rejects with the first thing that is not as it must be. */
async function doAll(turns: readonly Turn[], kind: Engines): Promise<Trial["done"]> {
  const trial = await Trial.start(engines[kind]);
  try {
    for (const [index, turn] of turns.entries()) await trial.take(turn, index);
    await trial.clear();
    return trial.done;
  } catch (error) {
    throw new Error(`${error}\nThe daemon warned:\n${trial.warnings()}`);
  } finally {
    await trial.end();
  }
}

/** As `doAll`; when it fails the shortest list of acts that does so is told. */
async function tryAll(turns: readonly Turn[], kind: Engines): Promise<Trial["done"]> {
  let last: unknown;
  const fails = async (part: readonly Turn[]) => {
    const failure = await failureOf(doAll(part, kind));
    last = failure ?? last;
    return failure !== undefined;
  };
  const trying = doAll(turns, kind);
  const first = await failureOf(trying);
  if (first === undefined) return trying;
  const few = await shortest(turns, fails, AbortSignal.timeout(shortenWithinMs));
  throw new Error(
    `${first}\n\nThe fewest of ${turns.length} acts of seed ${seed} that fail are ${few.length}:\n${last ?? ""}\n` +
      `RANDOM_ACTS_REPLAY='${JSON.stringify({ kind, turns: few })}'`,
  );
}

function failureOf(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => undefined,
    (error: unknown) => error,
  );
}

it.runIf(replay === undefined)(
  "keeps all data through random acts and killed daemons, on real engines",
  async () => {
    const done = await tryAll(drawTurns(seed, 40, 3), "real");
    expect(done.operations).toBeGreaterThan(least.operations);
    expect(done.killed).toBeGreaterThan(least.killed);
  },
  600_000,
);

it.runIf(replay === undefined)(
  "keeps all data through more of them, on light engines",
  { timeout: 60_000_000 },
  async () => {
    const seen = { operations: 0, killed: 0, damaged: 0, refusedByPool: 0 };
    for (let from = 0; from < wanted; from += inOneWorld) {
      const done = await tryAll(drawTurns(seed + from, Math.min(inOneWorld, wanted - from), 8), "light");
      for (const what of ["operations", "killed", "damaged", "refusedByPool"] as const) seen[what] += done[what];
    }
    expect(seen.operations).toBeGreaterThan(wanted / 3);
    expect(Math.min(seen.killed, seen.damaged, seen.refusedByPool)).toBeGreaterThan(0);
  },
);

it.runIf(replay !== undefined)("does the acts that a failure printed", { timeout: 600_000 }, async () => {
  const { kind, turns } = JSON.parse(replay ?? "") as { kind: Engines; turns: readonly Turn[] };
  await doAll(turns, kind);
});
