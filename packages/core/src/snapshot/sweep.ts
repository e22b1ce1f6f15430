import { DockersnapError, type SweepResult } from "@dockersnap/contract/words";
import type { Context } from "../context.ts";
import { readyInstance } from "../instance/lookup.ts";
import type { OperationKind } from "../operation/kind.ts";
import type { Removal } from "../schedule/removals.ts";
import { requireWritable } from "../storage/room.ts";
import { forgetSnapshot } from "./remove.ts";

export interface SweepInput {
  readonly name: string;
  readonly removals: readonly Removal[];
}

interface SweepState {
  /** What of it is still there and not protected. */
  readonly removals: readonly Removal[];
}

/** Remove snapshots of one instance for good, each for a reason that stays with the operation. Clones of them stay whole. */
export function sweepSnapshots({ platform }: Context): OperationKind<SweepInput, SweepState> {
  const { records, storage, events } = platform;
  return {
    name: "sweep",
    cancellable: false,
    recovery: "finish",
    pointOfNoReturn: "datasets",
    instance: (input) => input.name,
    holds: (input) => [{ instance: input.name, mode: "exclusive" }],
    async prepare(input) {
      readyInstance(records, input.name);
      await requireWritable(platform, `remove snapshots of '${input.name}'`);
      const removals = input.removals.filter(
        ({ label }) => records.snapshots.get(input.name, label)?.protected === false,
      );
      if (removals.length > 0) return { removals };
      throw new DockersnapError("wrong_state", `Nothing of '${input.name}' is left to remove.`);
    },
    steps: [
      {
        name: "datasets",
        says: "removing the snapshots",
        async run({ input, state }) {
          for (const { label } of state.removals) await storage.removeSnapshot(input.name, label);
        },
      },
      {
        name: "forget",
        says: "removing their records",
        recordsOnly: true,
        run: ({ input, state }) =>
          records.transaction(() => {
            for (const { label } of state.removals) forgetSnapshot(records, input.name, label);
          }),
      },
    ],
    result({ input, state }): SweepResult {
      events.publish({ type: "instance.changed", instance: input.name });
      return { removed: [...state.removals] };
    },
  };
}
