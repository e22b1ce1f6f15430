import { DockersnapError } from "@dockersnap/contract/words";
import type { Context } from "../context.ts";
import type { OperationKind } from "../operation/kind.ts";
import type { Records } from "../records/records.ts";
import { requireWritable } from "../storage/room.ts";
import { findInstance } from "./lookup.ts";
import { forgetInstance } from "./steps.ts";

export interface InstanceInput {
  readonly name: string;
}

/**
 * Remove an instance with all it owns. Once it is marked there is no way back: what fails then is tried again, at the
 * latest by the next start of the daemon. A plugin that cannot tear its workload down does not keep it.
 */
export function removeInstance(context: Context): OperationKind<InstanceInput, object> {
  const { platform, workloads } = context;
  return {
    name: "delete",
    cancellable: false,
    recovery: { finishAfter: "mark" },
    pointOfNoReturn: "mark",
    instance: (input) => input.name,
    holds: (input) => [{ instance: input.name, mode: "exclusive" }],
    async prepare(input) {
      const { phase } = findInstance(platform.records, input.name);
      await requireWritable(platform, `delete '${input.name}'`);
      // One that is half made or half removed is only cleared away.
      if (phase === "ready") refuseProtected(platform.records, input.name);
      return {};
    },
    steps: [
      {
        name: "teardown",
        says: "cleaning up the workload",
        needed: ({ input }) => {
          const record = findInstance(platform.records, input.name);
          // One that waits was never made its own by the plugin, and is held still.
          return record.workload !== undefined && record.phase === "ready" && record.purpose !== "standby";
        },
        run: ({ input }, tools) => workloads.teardown(findInstance(platform.records, input.name), tools),
      },
      {
        name: "mark",
        says: "marking it for deletion",
        recordsOnly: true,
        run: ({ input }) => platform.records.instances.update(input.name, { phase: "deleting" }),
      },
      {
        name: "engine",
        says: "stopping its Docker engine",
        run: ({ input }) => platform.engines.kill(input.name),
      },
      [
        {
          name: "network",
          says: "removing its network",
          run: ({ input }) => platform.network.remove(input.name),
        },
        {
          name: "dataset",
          says: "removing its dataset and snapshots",
          run: ({ input }) => platform.storage.remove(input.name),
        },
      ],
      {
        name: "forget",
        says: "removing its record",
        recordsOnly: true,
        run: ({ input }) => {
          forgetInstance(context, input.name);
          platform.events.publish({ type: "instance.removed", instance: input.name });
        },
      },
    ],
    result: () => undefined,
    failed: ({ input }, problem) => platform.records.instances.update(input.name, { problem }),
  };
}

function refuseProtected(records: Records, name: string): void {
  const labels = records.snapshots
    .of(name)
    .filter((snapshot) => snapshot.protected)
    .map(({ label }) => label);
  const [first] = labels;
  if (first === undefined) return;
  const which = labels.length === 1 ? `its snapshot '${first}' is` : `${labels.length} of its snapshots are`;
  throw new DockersnapError(
    "protected",
    `Deleting '${name}' would delete its snapshots, and ${which} protected. 'dockersnap unprotect ${name}@${first}' lets it be removed.`,
    { details: { labels } },
  );
}
