import { DockersnapError, type InstanceChange, type Limits, mostTags } from "@dockersnap/contract/words";
import type { Context } from "../context.ts";
import type { OperationKind } from "../operation/kind.ts";
import type { InstanceRecord } from "../records/records.ts";
import { requireWritable } from "../storage/room.ts";
import { changedLimits, requireBounds, requireProcessors, setDiskLimit } from "./limits.ts";
import { findInstance, readyInstance } from "./lookup.ts";

export interface ChangeInstanceInput {
  readonly name: string;
  readonly change: InstanceChange;
}

type Changed = Pick<InstanceRecord, "limits" | "labels">;

interface ChangeState {
  readonly before: Changed;
  readonly after: Changed;
}

/** Change the limits of an instance, as it runs, or its labels: all that is asked for, or nothing of it. */
export function changeInstance(context: Context): OperationKind<ChangeInstanceInput, ChangeState> {
  const { platform, describe } = context;
  const { records, engines, events } = platform;
  const write = (name: string, { limits, labels }: Changed) => records.instances.update(name, { limits, labels });
  return {
    name: "change-instance",
    cancellable: false,
    recovery: { finishAfter: "record" },
    instance: (input) => input.name,
    holds: (input) => [{ instance: input.name, mode: "exclusive" }],
    async prepare({ name, change }) {
      const { limits, labels } = readyInstance(records, name);
      const after = { limits: changedLimits(limits, change.limits), labels: changedLabels(name, labels, change) };
      requireProcessors(platform, name, change.limits);
      await requireBounds(platform, name, after.limits);
      if (limits?.disk !== after.limits?.disk) await requireWritable(platform, `change the disk limit of '${name}'`);
      return { before: { limits, labels }, after };
    },
    steps: [
      {
        name: "engine",
        says: "applying resource limits",
        needed: ({ state: { before, after } }) => boundsOfEngine(before.limits) !== boundsOfEngine(after.limits),
        run: ({ input, state }) => engines.limit(input.name, state.after.limits ?? {}),
        undo: ({ input, state }) => engines.limit(input.name, state.before.limits ?? {}),
      },
      {
        name: "quota",
        says: "applying the disk limit",
        needed: ({ state: { before, after } }) => before.limits?.disk !== after.limits?.disk,
        run: ({ input, state }) => setDiskLimit(platform, input.name, state.after.limits?.disk),
        undo: ({ input, state }) => setDiskLimit(platform, input.name, state.before.limits?.disk),
      },
      {
        name: "record",
        says: "saving the new state",
        run: ({ input, state }) => write(input.name, state.after),
        undo: ({ input, state }) => write(input.name, state.before),
      },
    ],
    result({ input }) {
      events.publish({ type: "instance.changed", instance: input.name });
      return describe(findInstance(records, input.name));
    },
    failed: ({ input }, problem) => records.instances.update(input.name, { problem }),
  };
}

/** What of the limits is the engine's to hold, in a form in which two are the same. */
function boundsOfEngine({ memory, cpus, pids }: Limits = {}): string {
  return JSON.stringify([memory, cpus, pids]);
}

function changedLabels(name: string, before: InstanceRecord["labels"], { labels }: InstanceChange) {
  const merged = Object.entries({ ...before, ...labels });
  const left = merged.filter((entry): entry is [string, string] => entry[1] !== null);
  if (left.length > mostTags) {
    throw new DockersnapError(
      "invalid_request",
      `'${name}' would have ${left.length} labels; it can have ${mostTags}. Take some away.`,
    );
  }
  return Object.fromEntries(left);
}
