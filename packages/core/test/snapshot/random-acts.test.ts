import { isDeepStrictEqual } from "node:util";
import type { Operation } from "@dockersnap/contract";
import fc from "fast-check";
import { expect, it } from "vitest";
import { describeHistory } from "../../src/index.ts";
import type { StepMoment } from "../../src/operation/kind.ts";
import { type HistoryAct, HistoryModel, historySight } from "../../src/snapshot/testing/history-model.ts";
import { actOf, type Draw, draws, stepsOf } from "../../src/snapshot/testing/random-acts.ts";
import { type Fault, World } from "../world.ts";

/** `DOCKERSNAP_TEST_SEED=17` tries others. */
const seed = Number(process.env.DOCKERSNAP_TEST_SEED ?? 4);
const leastOperations = 10_000;

/** What happens to one operation: the daemon dies at a moment of it, or a step fails there. */
interface Disturbance {
  readonly how: "dies" | "fails";
  readonly step: number;
  readonly moment: StepMoment;
}

const disturbances = fc.oneof(
  { weight: 3, arbitrary: fc.constant(undefined) },
  {
    weight: 1,
    arbitrary: fc.record<Disturbance>({
      how: fc.constantFrom("dies", "fails"),
      step: fc.nat(99),
      moment: fc.constantFrom("begin", "acted", "journalled"),
    }),
  },
);

class Exercise {
  readonly world = new World();
  readonly model = new HistoryModel();
  turn = 0;
  /** Begun, whatever their end. */
  operations = 0;

  async take(draw: Draw, disturbance: Disturbance | undefined): Promise<void> {
    this.turn += 1;
    const act = actOf(draw, this.model, this.turn);
    const code = this.model.refusal(act);
    if (act.kind === "write") {
      if (code !== undefined) return;
      this.world.write(act.name, "data", act.data);
      this.model.did(act);
    } else if (code !== undefined) {
      await expect(this.#run(act, disturbance), `turn ${this.turn}: ${JSON.stringify(act)}`).rejects.toMatchObject({
        code,
      });
    } else {
      this.operations += 1;
      const { status, error } = await this.#run(act, disturbance);
      if (disturbance === undefined && status !== "done") throw new Error(`${JSON.stringify(act)}: ${error?.error}`);
      if (status === "done") this.model.did(act);
    }
    await this.#check(act);
  }

  /** Everything there is, and nothing else, with what is in it. */
  async #check(act: HistoryAct): Promise<void> {
    const { world, model } = this;
    const datasets = await world.storage.list();
    const labels = new Map(datasets.map(({ id, snapshots }) => [id, snapshots]));
    const after = `turn ${this.turn}, ${JSON.stringify(act)}`;
    expect(
      world.records.instances
        .all()
        .map(({ name }) => name)
        .sort(),
      after,
    ).toEqual(model.names().toSorted());
    expect([...labels.keys()], after).toEqual(model.names().toSorted());
    for (const name of model.names()) {
      expect({ after, known: model.learn(name, labels.get(name) ?? []) }).toEqual({ after, known: true });
      const seen = historySight(describeHistory(world.records, name), world.read(name, "data"), (label) =>
        text(world.storage.readSnapshot(name, label, "data")),
      );
      const expected = model.expected(name);
      if (!isDeepStrictEqual(seen, expected)) expect({ after, name, ...seen }).toEqual({ after, name, ...expected });
    }
  }

  #run(act: HistoryAct, disturbance: Disturbance | undefined): Promise<Operation> {
    const [kind, input] = operationOf(act);
    const steps = stepsOf[act.kind];
    const step = steps[(disturbance?.step ?? 0) % steps.length];
    if (disturbance === undefined || step === undefined) return this.world.run(kind, input);
    const fault: Fault = { step, moment: disturbance.moment };
    return disturbance.how === "dies" ? this.world.dying(fault, kind, input) : this.world.failing(fault, kind, input);
  }
}

function operationOf(act: HistoryAct): [kind: string, input: unknown] {
  const { kind, ...input } = act;
  if (act.kind !== "rename") return [kind, input];
  return ["change-snapshot", { name: act.name, label: act.label, change: { new_label: act.to } }];
}

const text = (bytes: Uint8Array | undefined) => (bytes === undefined ? undefined : Buffer.from(bytes).toString());

it("keeps every history and all data as they must be through ten thousand random operations and crashes", async () => {
  let operations = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(draws, disturbances), { maxLength: 400, size: "max" }), async (turns) => {
      const exercise = new Exercise();
      for (const [draw, disturbance] of turns) await exercise.take(draw, disturbance);
      operations += exercise.operations;
    }),
    { seed, numRuns: 110, verbose: 1 },
  );
  expect(operations).toBeGreaterThanOrEqual(leastOperations);
}, 300_000);
