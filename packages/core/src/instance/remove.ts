import type { OperationKind } from "../operation/kind.ts";
import type { Lifecycle } from "./lifecycle.ts";
import { findInstance } from "./lookup.ts";
import { forgetInstance } from "./steps.ts";

export interface InstanceInput {
  readonly name: string;
}

/**
 * Remove an instance with all it owns. Once it is marked there is no way back: what fails then is tried again, at the
 * latest by the next start of the daemon. A plugin that cannot tear its workload down does not keep it.
 */
export function removeInstance(lifecycle: Lifecycle): OperationKind<InstanceInput, object> {
  const { platform, workloads } = lifecycle;
  return {
    name: "delete",
    cancellable: false,
    recovery: { finishAfter: "mark" },
    pointOfNoReturn: "mark",
    instance: (input) => input.name,
    holds: (input) => [{ instance: input.name, mode: "exclusive" }],
    prepare(input) {
      findInstance(platform.records, input.name);
      return {};
    },
    steps: [
      {
        name: "teardown",
        says: "letting the plugin clean up",
        needed: ({ input }) => {
          const record = findInstance(platform.records, input.name);
          return record.workload !== undefined && record.phase === "ready";
        },
        run: ({ input }, tools) => workloads.teardown(findInstance(platform.records, input.name), tools),
      },
      {
        name: "mark",
        says: "marking it as going",
        run: ({ input }) => platform.records.instances.update(input.name, { phase: "deleting" }),
      },
      {
        name: "engine",
        says: "ending its Docker engine",
        run: ({ input }) => platform.engines.kill(input.name),
      },
      [
        {
          name: "network",
          says: "taking its network away",
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
        says: "forgetting it",
        run: ({ input }) => {
          forgetInstance(lifecycle, input.name);
          platform.events.publish({ type: "instance.removed", instance: input.name });
        },
      },
    ],
    result: () => undefined,
    failed: ({ input }, problem) => platform.records.instances.update(input.name, { problem }),
  };
}
