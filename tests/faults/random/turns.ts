import type { StepMoment } from "@dockersnap/core";
import { type Draw, draws } from "@dockersnap/core/testing";
import fc from "fast-check";
import { type ChangeDraw, changeDraws } from "./changes.ts";

/** The daemon is killed at this moment of the act's operation, if it comes there. */
interface Kill {
  readonly step: number;
  readonly moment: StepMoment;
}

/** What another program, such as a firewall that is reloaded, does to the daemon's table. */
export type Damage = "delete the table" | "flush a chain" | "flush a set";

/** One act as a generator of numbers draws it. What it is about shows only once it is its turn. */
export interface Turn {
  readonly act: Draw;
  /** Of the tree, where the act is one that writes. */
  readonly change: ChangeDraw;
  readonly kill: Kill | null;
  /** What somebody else does to the host's packet filter just before. */
  readonly damage: Damage | null;
  /** What the pool is made just before; null leaves it as it is. */
  readonly pool: PoolState | null;
}

export type PoolState = "ok" | "full" | "read-only";

/** Acts of which one in `killsOneIn` is a killed one. */
export function drawTurns(seed: number, count: number, killsOneIn: number): readonly Turn[] {
  const kill = fc.record<Kill>({ step: fc.nat(99), moment: fc.constantFrom("begin", "acted", "journalled") });
  const kills = fc.oneof({ weight: killsOneIn - 1, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: kill });
  const damage = fc.constantFrom<Damage[]>("delete the table", "flush a chain", "flush a set");
  const damages = fc.oneof({ weight: 11, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: damage });
  const pools = fc.oneof(
    { weight: 20, arbitrary: fc.constant(null) },
    { weight: 5, arbitrary: fc.constant<PoolState>("ok") },
    { weight: 2, arbitrary: fc.constantFrom<PoolState[]>("full", "read-only") },
  );
  const turn: fc.Arbitrary<Turn> = fc.record({
    ...{ act: draws, change: changeDraws, kill: kills, damage: damages, pool: pools },
  });
  return fc.sample(turn, { seed, numRuns: count });
}

/**
 * The shortest list with which it still fails that is found by leaving parts out, smaller and smaller ones, until `until`
 * aborts. It fails with the whole list.
 */
export async function shortest<T>(
  list: readonly T[],
  fails: (part: readonly T[]) => Promise<boolean>,
  until: AbortSignal,
): Promise<readonly T[]> {
  let found = list;
  for (let size = Math.ceil(list.length / 2); size >= 1; size = Math.floor(size / 2)) {
    for (let at = 0; at < found.length && !until.aborted; ) {
      const part = [...found.slice(0, at), ...found.slice(at + size)];
      if (part.length > 0 && (await fails(part))) found = part;
      else at += size;
    }
  }
  return found;
}
