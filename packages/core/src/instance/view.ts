import type {
  Instance,
  InstanceHealth,
  InstanceStatus,
  Verification,
  VerificationSummary,
} from "@dockersnap/contract/words";
import type { EngineState } from "../engine/engine.ts";
import type { Holder } from "../operation/locks.ts";
import type { Platform } from "../platform.ts";
import type { InstanceRecord } from "../records/records.ts";
import type { Specs } from "./specs.ts";

interface Deps {
  readonly platform: Pick<Platform, "records" | "storage" | "engines">;
  readonly specs: Specs;
  readonly holder: (instance: string) => Holder | undefined;
  readonly health: (instance: string) => InstanceHealth | undefined;
}

/** What an instance is doing. It is found without its snapshots, of which there can be thousands. */
export interface Condition {
  readonly status: InstanceStatus;
  readonly error?: string;
  readonly health: InstanceHealth;
  readonly holder?: Holder;
}

/** The status read from the engine that is really there. */
export async function conditionOf(
  { platform, ...deps }: Pick<Deps, "holder" | "health"> & { readonly platform: Pick<Platform, "engines"> },
  record: InstanceRecord,
): Promise<Condition> {
  const holder = deps.holder(record.name);
  const state = statusOf(record, await platform.engines.state(record.name), holder !== undefined);
  const known = state.status === "running" ? deps.health(record.name) : undefined;
  return {
    ...state,
    health: record.workload === undefined && (known ?? "unknown") === "unknown" ? "none" : (known ?? "unknown"),
    ...(holder === undefined ? {} : { holder }),
  };
}

/** An instance as clients see it. */
export async function describeInstance(deps: Deps, record: InstanceRecord): Promise<Instance> {
  const { records, storage, engines } = deps.platform;
  const { status, error, health, holder } = await conditionOf(deps, record);
  const addresses = deps.specs.addresses(record);
  const { workload } = record;
  return {
    name: record.name,
    dataset: storage.datasetName(record.name),
    subnet: addresses.subnet,
    subnet_index: record.subnetIndex,
    metallb_ip: addresses.metallb,
    socket: engines.socketPath(record.name),
    pid_file: engines.pidFile(record.name),
    created_at: record.createdAt,
    status,
    ...(record.cloneOf === undefined ? {} : { clone_of: `${record.cloneOf.instance}@${record.cloneOf.label}` }),
    snapshots: records.snapshots.of(record.name).map(({ label, createdAt, tags, verified }) => ({
      label,
      created_at: createdAt,
      ...(Object.keys(tags).length === 0 ? {} : { tags }),
      ...(verified === undefined ? {} : { verified: summaryOf(verified) }),
    })),
    ...(workload === undefined
      ? {}
      : {
          workload_plugin: workload.plugin,
          workload_config: { ...workload.config },
          workload_contract_version: workload.contractVersion,
        }),
    health,
    ...(holder === undefined ? {} : { operation: { id: holder.id, kind: holder.kind } }),
    ...(error === undefined ? {} : { error }),
    ...(Object.keys(record.labels).length === 0 ? {} : { labels: { ...record.labels } }),
    ...(record.limits === undefined ? {} : { limits: record.limits }),
    ...(record.engineOptions === undefined ? {} : { engine: { ...record.engineOptions } }),
    ...(record.head === undefined ? {} : { parent: record.head }),
    ...(record.purpose === undefined ? {} : { purpose: record.purpose }),
  };
}

function summaryOf({ checks: _checks, ...summary }: Verification): VerificationSummary {
  return summary;
}

/** What is wanted, against what is there. While an operation works on it, a gap between the two is no error yet. */
function statusOf(
  record: InstanceRecord,
  engine: EngineState,
  busy: boolean,
): { status: InstanceStatus; error?: string } {
  if (!busy && record.problem !== undefined) return { status: "error", error: record.problem };
  if (engine === "running") return { status: "running" };
  if (busy || record.desired === "stopped") return { status: "stopped" };
  return {
    status: "error",
    error: `The engine of '${record.name}' ended without being asked to. 'dockersnap start ${record.name}' starts it again.`,
  };
}
