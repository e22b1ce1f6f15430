import type { InstancePurpose } from "@dockersnap/contract/words";
import type { OperationKind } from "../operation/kind.ts";
import type { InstanceRecord } from "../platform/records.ts";
import { freeSubnetIndex, requireFreeName } from "./create.ts";
import { type Lifecycle, requireRoom } from "./lifecycle.ts";
import { findInstance, findSnapshot, readyInstance } from "./lookup.ts";
import { commitNewStep, foundationSteps, portsStep, postCloneStep, startEngineStep } from "./steps.ts";

export interface CloneInput {
  readonly source: string;
  readonly label: string;
  readonly name: string;
}

interface CloneState {
  readonly createdAt: string;
}

/** A new instance that begins as another was at a snapshot, on a subnet and host ports of its own. */
export function cloneInstance(lifecycle: Lifecycle): OperationKind<CloneInput, CloneState> {
  const { platform, describe } = lifecycle;
  const name = (input: CloneInput) => input.name;
  return {
    name: "clone",
    cancellable: true,
    recovery: { finishAfter: "commit" },
    instance: name,
    holds: (input) => [
      { instance: input.name, mode: "exclusive" },
      { instance: input.source, mode: "shared" },
    ],
    async prepare(input) {
      readyInstance(platform.records, input.source);
      findSnapshot(platform.records, input.source, input.label);
      requireFreeName(lifecycle, input.name);
      await requireRoom(lifecycle, `clone '${input.source}@${input.label}'`);
      return { createdAt: platform.clock.now().toISOString() };
    },
    steps: [
      ...foundationSteps<CloneInput, CloneState>(lifecycle, name, {
        record: ({ input, state }) => cloneRecord(lifecycle, { ...input, ...state }),
        dataset: {
          says: "branching its dataset",
          run: async ({ input }, tools) => {
            await platform.storage.clone(input.source, input.label, input.name);
            tools.release(input.source);
          },
        },
      }),
      startEngineStep(lifecycle, name),
      portsStep(lifecycle, name),
      postCloneStep(lifecycle, name),
      commitNewStep(lifecycle, name),
    ],
    result({ input }) {
      platform.events.publish({ type: "instance.created", instance: input.name });
      return describe(findInstance(platform.records, input.name));
    },
    failed: ({ input }, problem) => platform.records.instances.update(input.name, { problem }),
  };
}

/** The record of an instance that begins at a snapshot; for a `purpose` of the daemon's own where there is one. */
export function cloneRecord(
  lifecycle: Lifecycle,
  clone: CloneInput & { readonly createdAt: string; readonly purpose?: InstancePurpose },
): InstanceRecord {
  const source = findInstance(lifecycle.platform.records, clone.source);
  const record: InstanceRecord = {
    name: clone.name,
    subnetIndex: freeSubnetIndex(lifecycle),
    createdAt: clone.createdAt,
    phase: "creating",
    desired: "running",
    cloneOf: { instance: clone.source, label: clone.label },
    head: undefined,
    workload: source.workload,
    labels: source.labels,
    limits: source.limits,
    problem: undefined,
    purpose: clone.purpose,
  };
  lifecycle.specs.addresses(record);
  return record;
}

const longestName = 32;

/** A name for a clone that the daemon makes for itself, by which a person sees whose it is and why it is there. */
export function ownName(source: string, purpose: InstancePurpose): string {
  const suffix = `-${purpose}-${crypto.randomUUID().slice(0, 6)}`;
  return `${source.slice(0, longestName - suffix.length)}${suffix}`;
}
