import type {
  Access,
  CloneRequest,
  CreateInstanceRequest,
  DaemonEvent,
  DaemonHealth,
  Diff,
  History,
  Instance,
  InstanceChange,
  InstancePorts,
  InstanceUsage,
  Operation,
  PluginInfo,
  PoolGrowRequest,
  PoolRoom,
  ProgressEvent,
  RevertRequest,
  Schedule,
  ScheduleRequest,
  Snapshot,
  SnapshotChange,
  SnapshotRequest,
  Standby,
  StandbyRequest,
  VerifyRequest,
  WorkloadAnswer,
  WorkloadHealth,
} from "@dockersnap/contract/words";

/** A request that changes an instance, parsed: every name in it fits its rule. */
export type MutationRequest =
  | { readonly kind: "create"; readonly body: CreateInstanceRequest }
  | { readonly kind: "change"; readonly name: string; readonly body: InstanceChange }
  | { readonly kind: "delete" | "start" | "stop" | "restart" | "undo" | "redo"; readonly name: string }
  | { readonly kind: "snapshot"; readonly name: string; readonly body: SnapshotRequest }
  | { readonly kind: "revert"; readonly name: string; readonly body: RevertRequest }
  | { readonly kind: "clone"; readonly name: string; readonly body: CloneRequest }
  | {
      readonly kind: "change_snapshot";
      readonly name: string;
      readonly label: string;
      readonly body: SnapshotChange;
    }
  | { readonly kind: "verify"; readonly name: string; readonly label: string; readonly body: VerifyRequest }
  | { readonly kind: "add_schedule"; readonly name: string; readonly body: ScheduleRequest }
  | { readonly kind: "remove_schedule"; readonly name: string; readonly id: string }
  | { readonly kind: "set_standby"; readonly name: string; readonly label: string; readonly body: StandbyRequest }
  | { readonly kind: "remove_snapshot" | "remove_standby"; readonly name: string; readonly label: string };

/** Moments as a person writes them, and how many changed files of each container and volume are listed. */
interface DiffQuestion {
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  readonly limit?: number | undefined;
}

interface OperationsPage {
  readonly limit: number;
  readonly before?: string | undefined;
  readonly instance?: string | undefined;
  readonly since?: string | undefined;
}

export interface RequestCaller {
  /** For the record: the address the request came from. */
  readonly requestedBy: string;
  readonly idempotencyKey?: string;
  /** Tells two requests under one key apart. */
  readonly requestDigest?: string;
  /** What was ignored of the request: they are told with the operation's end. */
  readonly warnings?: readonly string[];
}

export interface BegunOperation {
  readonly id: string;
  /** The ended operation, whatever its end: with `result`, the body of the answer, or with `error`. Never rejects. */
  readonly done: Promise<Operation>;
}

/** The daemon as its HTTP edge sees it. Whatever names something that is not there rejects with `not_found`. */
export interface Service {
  readonly instances: {
    /** Oldest first; with `all`, those too that the daemon made for itself. */
    list(all: boolean): Promise<Instance[]>;
    /** With what it takes now. */
    get(name: string): Promise<Instance>;
  };
  /** Oldest first. */
  snapshots(name: string, withSizes: boolean): Promise<Snapshot[]>;
  usage(name: string): Promise<InstanceUsage>;
  /** By name. */
  schedules(name: string): Schedule[];
  /** Oldest first. */
  standbys(): Standby[];
  history(name: string): History;
  diff(name: string, question: DiffQuestion): Promise<Diff>;
  ports(name: string): Promise<InstancePorts>;
  refreshPorts(name: string): Promise<InstancePorts>;
  /** `host` is the name or address by which the caller reached the API. */
  access(name: string, host: string | undefined): Promise<Access>;
  workload(name: string): Promise<WorkloadAnswer>;
  workloadHealth(name: string, fresh: boolean): Promise<WorkloadHealth>;
  readonly plugins: {
    list(): PluginInfo[];
    get(name: string): PluginInfo;
    reload(): Promise<PluginInfo[]>;
  };
  health(): Promise<DaemonHealth>;
  pool(): Promise<PoolRoom>;
  growPool(request: PoolGrowRequest): Promise<PoolRoom>;
  /** In Prometheus' text format. */
  metrics(): Promise<string>;
  /** Rejects before anything is begun: `invalid_request`, `not_found`, `busy`, `already_exists` and their like. */
  begin(request: MutationRequest, caller: RequestCaller): Promise<BegunOperation>;
  readonly operations: {
    /** Newest first. `not_found` where no operation is called `before`. */
    list(page: OperationsPage): Operation[];
    get(id: string): Operation;
    cancel(id: string): Operation;
    /** From the operation's first event to its terminal one, which is the last. Ends when `signal` aborts. */
    follow(id: string, signal: AbortSignal): AsyncIterable<ProgressEvent>;
  };
  /** Events after `afterId`, or those to come. Ends when `signal` aborts. */
  events(afterId: number | undefined, signal: AbortSignal): AsyncIterable<DaemonEvent>;
}
