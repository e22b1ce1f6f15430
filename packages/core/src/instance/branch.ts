import type { InstancePurpose, LimitsChange } from "@dockersnap/contract/words";
import type { Context } from "../context.ts";
import type { Hold, Steps } from "../operation/kind.ts";
import type { InstanceRecord } from "../records/records.ts";
import { freeSubnetIndex, requireFreeName } from "./create.ts";
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
export async function requireBranch(context: Context, { source, label, name }: Branch): Promise<InstanceRecord> {
  const { records } = context.platform;
  const record = readyInstance(records, source);
  findSnapshot(records, source, label);
  await requireFreeName(context, name);
  return record;
}

/** Its record, dataset and network. The source is let go of as soon as the dataset has branched off. */
export function branchSteps<Input, State extends { readonly createdAt: string }>(
  context: Context,
  branch: (input: Input) => Branch,
  says: string,
): Steps<Input, State> {
  return foundationSteps<Input, State>(context, (input) => branch(input).name, {
    record: ({ input, state: { createdAt } }) => branchRecord(context, branch(input), createdAt),
    dataset: {
      says,
      run: async ({ input }, { release }) => {
        const { source, label, name } = branch(input);
        await context.platform.storage.clone(source, label, name);
        release(source);
      },
    },
  });
}

function branchRecord(context: Context, branch: Branch, createdAt: string): InstanceRecord {
  const source = findInstance(context.platform.records, branch.source);
  const record: InstanceRecord = {
    name: branch.name,
    subnetIndex: freeSubnetIndex(context),
    createdAt: afterItsSnapshot(context, branch, createdAt),
    phase: "creating",
    desired: "running",
    cloneOf: { instance: branch.source, label: branch.label },
    head: undefined,
    workload: source.workload,
    labels: source.labels,
    limits: changedLimits(source.limits, branch.limits),
    problem: undefined,
    engineId: context.platform.newEngineId(),
    engineOptions: source.engineOptions,
    purpose: branch.purpose,
  };
  context.specs.addresses(record);
  return record;
}

/** What came from what is told by times: a clock that was set back must not make a clone older than what it came from. */
function afterItsSnapshot({ platform }: Context, { source, label }: Branch, createdAt: string): string {
  const origin = Date.parse(findSnapshot(platform.records, source, label).createdAt);
  return origin < Date.parse(createdAt) ? createdAt : new Date(origin + 1).toISOString();
}
