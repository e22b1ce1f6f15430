import type { Clock } from "../../src/base/clock.ts";
import type { Log } from "../../src/base/log.ts";
import type { AnyOperationKind, OperationKind, StepMoment, Steps } from "../../src/operation/kind.ts";
import { Operations } from "../../src/operation/operations.ts";
import { MemoryRecords } from "../../testing/index.ts";

export interface Input {
  readonly name: string;
}

const quiet: Log = { debug() {}, info() {}, warn() {}, error() {}, child: () => quiet };

/** Time that stands still; waits end at once, so that retries need none. */
const clock: Clock = {
  now: () => new Date("2026-01-01T00:00:00Z"),
  monotonic: () => 0,
  sinceBoot: () => ({ boot: "one", ms: 0 }),
  after(_ms, work) {
    queueMicrotask(work);
    return () => undefined;
  },
};

export const caller = { requestedBy: "test" };

/** Records, and operations on them whose steps only say that they were done. */
export class World {
  readonly did: string[] = [];
  readonly records = new MemoryRecords();
  #ids = 0;

  operations(kinds: AnyOperationKind[], at?: (moment: StepMoment, step: string) => Promise<void> | void): Operations {
    const operations = new Operations({
      records: this.records,
      clock,
      log: quiet,
      events: { publish() {} },
      newId: () => `op-${++this.#ids}`,
      ...(at === undefined ? {} : { observer: { at: (moment, _kind, step) => at(moment, step) } }),
    });
    for (const kind of kinds) operations.register(kind);
    return operations;
  }

  kind(change: Partial<OperationKind<Input, object>> = {}): OperationKind<Input, object> {
    return {
      name: "build",
      cancellable: true,
      recovery: "undo",
      instance: (input) => input.name,
      holds: (input) => [{ instance: input.name, mode: "exclusive" }],
      prepare: () => ({}),
      steps: this.steps("first", "second", "third"),
      result: () => ({ status: "ok" }),
      ...change,
    };
  }

  /** What an operation waits for the disk with: its status, and how its steps stand. */
  syncs(): readonly string[] {
    const { records } = this;
    const syncs: string[] = [];
    const [save, lazily] = [records.operations.save, records.lazily.bind(records)];
    let isLazy = false;
    records.operations.save = (record) => {
      if (!isLazy) syncs.push([record.status, ...record.steps.map((step) => `${step.name} ${step.status}`)].join(", "));
      save(record);
    };
    records.lazily = (work) => {
      isLazy = true;
      try {
        return lazily(work);
      } finally {
        isLazy = false;
      }
    };
    return syncs;
  }

  steps(...names: string[]): Steps<Input, object> {
    return names.map((name) => ({
      name,
      says: `doing the ${name}`,
      run: () => void this.did.push(name),
      undo: () => void this.did.push(`undo ${name}`),
    }));
  }
}
