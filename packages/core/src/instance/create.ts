import { type CreateInstanceRequest, DockersnapError, type EngineOptions } from "@dockersnap/contract/words";
import type { Context } from "../context.ts";
import { lowestFreeIndex } from "../network/addresses.ts";
import type { OperationKind } from "../operation/kind.ts";
import type { Platform } from "../platform.ts";
import type { InstanceRecord, WorkloadRecord } from "../records/records.ts";
import { requireRoom } from "../storage/room.ts";
import { requireBounds, requireProcessors } from "./limits.ts";
import { findInstance } from "./lookup.ts";
import { commitNewStep, foundationSteps, portsStep, startEngineStep } from "./steps.ts";

interface CreateState {
  readonly workload: WorkloadRecord | undefined;
  readonly createdAt: string;
  warnings: string[];
}

/** A new instance: a name, a dataset and a network, an engine on top, and the workload on that. */
export function createInstance(context: Context): OperationKind<CreateInstanceRequest, CreateState> {
  const { platform, workloads, describe } = context;
  const name = (input: CreateInstanceRequest) => input.name;
  return {
    name: "create",
    cancellable: true,
    recovery: { finishAfter: "commit" },
    instance: name,
    holds: (input) => [{ instance: input.name, mode: "exclusive" }],
    async prepare(input) {
      await requireFreeName(context, input.name);
      requireOptions(platform.engines, input.engine);
      requireProcessors(platform, input.name, input.limits);
      await requireBounds(platform, input.name, input.limits);
      const workload = workloads.request(input.name, input.workload_inline);
      await requireRoom(context, `create '${input.name}'`);
      return { workload, createdAt: platform.clock.now().toISOString(), warnings: [] };
    },
    steps: [
      {
        name: "validate",
        says: "validating the configuration with the plugin",
        needed: ({ state }) => state.workload !== undefined,
        run: async ({ input, state }, { signal, defer }) => {
          const record = newRecord(context, input, state);
          state.warnings = [...(await workloads.validate(record, signal))];
          // Not later: beside the engine it would take from the processors what that needs.
          workloads.prepareDeploy(record);
          defer(() => workloads.dropDeploy(input.name));
        },
      },
      ...foundationSteps<CreateInstanceRequest, CreateState>(context, name, {
        record: ({ input, state }) => newRecord(context, input, state),
        dataset: { says: "creating its dataset", run: ({ input }) => platform.storage.create(input.name) },
      }),
      startEngineStep(context, name),
      {
        name: "deploy",
        says: "deploying the workload",
        needed: ({ state }) => state.workload !== undefined,
        run: ({ input }, tools) => workloads.deploy(findInstance(platform.records, input.name), tools),
        undo: ({ input }, tools) => workloads.teardown(findInstance(platform.records, input.name), tools),
      },
      portsStep(context, name),
      commitNewStep(context, name),
    ],
    async result({ input, state }) {
      platform.events.publish({ type: "instance.created", instance: input.name });
      const instance = await describe(findInstance(platform.records, input.name));
      return state.warnings.length === 0 ? instance : { ...instance, warnings: state.warnings };
    },
    failed: ({ input }, problem) => platform.records.instances.update(input.name, { problem }),
  };
}

/** `invalid_request` for options that no engine of this host can have. */
function requireOptions(engines: Platform["engines"], options: EngineOptions = {}): void {
  const refused = engines.refusedOptions(options);
  if (refused.length > 0) throw new DockersnapError("invalid_request", refused.join(" "));
}

/**
 * `already_exists`, with what to do, for a name that is in use. Data that belongs to no record, as after records were lost, is
 * found here and not by the step that makes the dataset: what takes that step back would remove it.
 */
export async function requireFreeName({ platform }: Pick<Context, "platform">, name: string): Promise<void> {
  if (platform.records.instances.get(name) !== undefined) {
    throw new DockersnapError(
      "already_exists",
      `Instance '${name}' exists already. Choose another name, or remove it with 'dockersnap delete ${name}'.`,
    );
  }
  if (await platform.storage.hasDataset(name)) {
    throw new DockersnapError(
      "already_exists",
      `Data of a former instance '${name}' is still in the pool: ${platform.storage.datasetName(name)}. 'dockersnap doctor' shows it. Choose another name, or remove that data first.`,
    );
  }
}

/** The lowest subnet that is free; reading and inserting happen in one turn, so no other create can take it between. */
export function freeSubnetIndex({ platform }: { readonly platform: Pick<Platform, "records"> }): number {
  return lowestFreeIndex(platform.records.instances.all().map((instance) => instance.subnetIndex));
}

function newRecord(context: Context, input: CreateInstanceRequest, state: CreateState): InstanceRecord {
  const record: InstanceRecord = {
    name: input.name,
    subnetIndex: freeSubnetIndex(context),
    createdAt: state.createdAt,
    phase: "creating",
    desired: "running",
    cloneOf: undefined,
    head: undefined,
    workload: state.workload,
    labels: input.labels ?? {},
    limits: input.limits,
    problem: undefined,
    engineId: context.platform.newEngineId(),
    engineOptions: input.engine,
    purpose: undefined,
  };
  // An index whose subnet lies outside the range must be refused before it is written down.
  context.specs.addresses(record);
  return record;
}
