import { DockersnapError, type StandbyRequest } from "@dockersnap/contract/words";
import type { Context } from "../context.ts";
import { findInstance, findSnapshot, readyInstance } from "../instance/lookup.ts";
import type { OperationKind } from "../operation/kind.ts";
import type { Records, StandbyRecord } from "../records/records.ts";
import type { SnapshotInput } from "../snapshot/remove.ts";
import { describeStandby } from "./view.ts";

export type SetStandbyInput = SnapshotInput & StandbyRequest;

interface SetStandbyState {
  /** What was wanted before. */
  readonly before: StandbyRecord | null;
  readonly createdAt: string;
}

/** Say how many clones of a snapshot are to wait. They are made, or go, after it. */
export function setStandby({ platform }: Context): OperationKind<SetStandbyInput, SetStandbyState> {
  const { records, clock, events, settings } = platform;
  return {
    name: "set-standby",
    cancellable: false,
    recovery: { finishAfter: "record" },
    instance: (input) => input.name,
    // It touches the records alone, and must not have to wait for a clone that is just being made.
    holds: () => [],
    prepare(input) {
      readyInstance(records, input.name);
      findSnapshot(records, input.name, input.label);
      refuseTooMany(records, input, settings.standby.maxCount);
      const before = records.standbys.get(input.name, input.label) ?? null;
      // Those made for another way to wait are replaced, and by their time they are told apart.
      const goesOn = before !== null && before.frozen === isFrozen(input);
      return { before, createdAt: goesOn ? before.createdAt : clock.now().toISOString() };
    },
    steps: [
      {
        name: "record",
        says: "saving the new state",
        run: ({ input, state: { createdAt } }) => {
          const { name, label, count } = input;
          records.standbys.save({ instance: name, label, count, frozen: isFrozen(input), createdAt });
        },
        undo: ({ input, state }) => {
          if (state.before === null) records.standbys.remove(input.name, input.label);
          else records.standbys.save(state.before);
        },
      },
    ],
    result({ input }) {
      events.publish({ type: "instance.changed", instance: input.name });
      const record = records.standbys.get(input.name, input.label);
      return record === undefined ? undefined : describeStandby(records, record, undefined);
    },
  };
}

const isFrozen = ({ frozen }: SetStandbyInput) => frozen ?? true;

/** End it. What waits goes, after it. */
export function removeStandby({ platform }: Context): OperationKind<SnapshotInput, object> {
  const { records, events } = platform;
  return {
    name: "remove-standby",
    cancellable: false,
    recovery: "finish",
    pointOfNoReturn: "record",
    instance: (input) => input.name,
    holds: () => [],
    prepare({ name, label }) {
      findInstance(records, name);
      findSnapshot(records, name, label);
      if (records.standbys.get(name, label) !== undefined) return {};
      throw new DockersnapError(
        "not_found",
        `No clones of '${name}@${label}' are kept waiting. 'dockersnap standby list' shows of which snapshots there are.`,
      );
    },
    steps: [
      {
        name: "record",
        says: "saving the new state",
        run: ({ input: { name, label } }) => records.standbys.remove(name, label),
      },
    ],
    result({ input }) {
      events.publish({ type: "instance.changed", instance: input.name });
      return undefined;
    },
  };
}

function refuseTooMany(records: Records, { name, label, count }: SetStandbyInput, maxCount: number): void {
  const others = records.standbys
    .all()
    .filter((one) => one.instance !== name || one.label !== label)
    .reduce((sum, one) => sum + one.count, 0);
  if (others + count <= maxCount) return;
  const taken = others === 0 ? "" : ` and ${others} are reserved for other snapshots`;
  throw new DockersnapError(
    "wrong_state",
    `Cannot keep ${count} standby clones of '${name}@${label}': standby.max_count is ${maxCount}${taken}. Ask for fewer, or raise it in the daemon's configuration.`,
    { details: { max_count: maxCount, others } },
  );
}
