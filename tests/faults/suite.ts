import { beforeAll, describe, expect, it } from "vitest";
import type { Drill, Outcome, Rehearsal, Wave } from "./drill.ts";
import { type Case, type Exercise, failures, failuresOfUndo, kills, killsOfUndo } from "./exercise.ts";

/** Written by hand, so that a step which vanishes from the product is missed. */
export interface Pinned {
  readonly steps: readonly string[];
  /** Those that can be taken back, in the order they are. */
  readonly undone: readonly string[];
  /** Disturb these alone: the others are disturbed in another form of the operation. */
  readonly only?: readonly string[];
}

/**
 * Every way to disturb an exercise, as tests: the daemon killed and a step failing at each moment of each step the
 * product really has.
 */
export async function drillOn(drill: Drill, exercise: Exercise, pinned: Pinned): Promise<void> {
  const rehearsal = await drill.rehearse(exercise);
  const { steps, undone } = rehearsal;
  const { only, ...whole } = pinned;
  const drilled = (names: readonly string[]) => names.filter((name) => only?.includes(name) ?? true);
  const waves = [
    kills(drilled(steps)),
    killsOfUndo(steps, drilled(undone)),
    [...failures(drilled(steps)), ...failuresOfUndo(steps, drilled(undone))],
  ]
    .reduce<Case[][]>((all, cases) => {
      const isKill = cases[0]?.by === "kill";
      const last = all.at(-1);
      if (isKill && last?.[0]?.by === "kill") last.push(...cases);
      else all.push([...cases]);
      return all;
    }, [])
    .flatMap((cases) => chunks(cases, exercise.names.length));

  describe(exercise.title, () => {
    it("has the steps it is known for", () => {
      expect({ steps, undone }).toEqual(whole);
    });

    for (const cases of waves) {
      describe(`disturbed ${cases.length} times at once`, () => {
        let wave: Wave;
        beforeAll(async () => {
          wave = await drill.disturb(exercise, cases);
        });

        for (const [index, { title, by }] of cases.entries()) {
          it(`${title}, is done or as before`, () => {
            const outcome = wave.outcomes[index];
            if (outcome === undefined) throw new Error("The case was not run.");
            judge(exercise, rehearsal, by, outcome);
          });
        }

        it("leaves the other instances alone and nothing to nobody", () => {
          expect(wave.bystander.after).toEqual(wave.bystander.before);
          expect(wave.strays).toEqual([]);
        });
      });
    }
  });
}

function judge(exercise: Exercise, rehearsal: Rehearsal, by: Case["by"], outcome: Outcome): void {
  const { name, operation, before, after, footprintBefore, footprintAfter, notHappened } = outcome;
  expect(notHappened).toEqual([]);
  expect(operation.status).toMatch(/^(done|failed)$/);
  const isDone = operation.status === "done";
  if (by === "kill") expect(operation.recovered).toBe(isDone ? "finished" : "undone");
  else expect(operation.recovered).toBeUndefined();
  expect(after).toEqual(isDone ? exercise.done(before, name) : before);
  expect(outcome.processesAfter).toEqual(outcome.processesBefore);
  expect(footprintAfter).toEqual(isDone ? rehearsal.footprint : footprintBefore);
}

function chunks<T>(items: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, index) =>
    items.slice(index * size, (index + 1) * size),
  );
}
