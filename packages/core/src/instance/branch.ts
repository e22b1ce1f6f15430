import type { InstancePurpose, LimitsChange } from "@dockersnap/contract/words";
import type { Hold, Steps } from "../operation/kind.ts";
import type { InstanceRecord } from "../platform/records.ts";
import { freeSubnetIndex, requireFreeName } from "./create.ts";
import type { Lifecycle } from "./lifecycle.ts";
import { changedLimits } from "./limits.ts";
import { findInstance, findSnapshot, readyInstance } from "./lookup.ts";
import { foundationSteps } from "./steps.ts";

/** An instance that is to begin as another was at a snapshot. */
export interface Branch {
  readonly source: string;
  readonly label: string;
  readonly name: string;
  /** Changes to the source's. */
  readonly limits?: LimitsChange | undefined;
  /** Where it is one of the daemon's own. */
  readonly purpose?: InstancePurpose;
}

/** Others may branch off the same source meanwhile. */
export function branchHolds({ source, name }: Branch): readonly Hold[] {
  return [
    { instance: name, mode: "exclusive" },
    { instance: source, mode: "shared" },
  ];
}

/** The record of what it branches off, unless it cannot. */
export async function requireBranch(lifecycle: Lifecycle, { source, label, name }: Branch): Promise<InstanceRecord> {
  const { records } = lifecycle.platform;
  const record = readyInstance(records, source);
  findSnapshot(records, source, label);
  await requireFreeName(lifecycle, name);
  return record;
}

/** Its record, dataset and network. The source is let go of as soon as the dataset has branched off. */
export function branchSteps<Input, State extends { readonly createdAt: string }>(
  lifecycle: Lifecycle,
  branch: (input: Input) => Branch,
  says: string,
): Steps<Input, State> {
  return foundationSteps<Input, State>(lifecycle, (input) => branch(input).name, {
    record: ({ input, state: { createdAt } }) => branchRecord(lifecycle, branch(input), createdAt),
    dataset: {
      says,
      run: async ({ input }, { release }) => {
        const { source, label, name } = branch(input);
        await lifecycle.platform.storage.clone(source, label, name);
        release(source);
      },
    },
  });
}

function branchRecord(lifecycle: Lifecycle, branch: Branch, createdAt: string): InstanceRecord {
  const source = findInstance(lifecycle.platform.records, branch.source);
  const record: InstanceRecord = {
    name: branch.name,
    subnetIndex: freeSubnetIndex(lifecycle),
    createdAt: afterItsSnapshot(lifecycle, branch, createdAt),
    phase: "creating",
    desired: "running",
    cloneOf: { instance: branch.source, label: branch.label },
    head: undefined,
    workload: source.workload,
    labels: source.labels,
    limits: changedLimits(source.limits, branch.limits),
    problem: undefined,
    engineId: lifecycle.platform.newEngineId(),
    engineOptions: source.engineOptions,
    purpose: branch.purpose,
  };
  lifecycle.specs.addresses(record);
  return record;
}

/** What came from what is told by times: a clock that was set back must not make a clone older than what it came from. */
function afterItsSnapshot({ platform }: Lifecycle, { source, label }: Branch, createdAt: string): string {
  const origin = Date.parse(findSnapshot(platform.records, source, label).createdAt);
  return origin < Date.parse(createdAt) ? createdAt : new Date(origin + 1).toISOString();
}
