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
  Ok,
  Operation,
  PluginInfo,
  PoolGrowRequest,
  PoolRoom,
  RevertChanged,
  RevertRequest,
  Schedule,
  ScheduleRequest,
  Snapshot,
  SnapshotChange,
  SnapshotCreated,
  SnapshotRequest,
  Standby,
  StandbyRequest,
  Verification,
  VerifyRequest,
  WorkloadAnswer,
  WorkloadHealth,
} from "@dockersnap/contract/words";
import { createCalls } from "./call.ts";
import { daemonEvents, type EventsOptions } from "./events.ts";
import { type FollowOptions, followOperation } from "./follow.ts";
import { allOperations, type OperationsQuestion } from "./operations.ts";
import { createTransport, type Fetch, isRecord } from "./transport.ts";

export interface ClientOptions {
  /** Where the daemon listens, such as `http://127.0.0.1:9847`. */
  readonly baseUrl: string;
  readonly token?: string | undefined;
  /** Sends requests in place of the global `fetch`. */
  readonly fetch?: Fetch | undefined;
}

export interface ReadOptions {
  readonly signal?: AbortSignal | undefined;
}

/**
 * One daemon's API. Reads answer with the daemon's JSON; whatever changes something is an operation that is followed to
 * its end. Rejections are the daemon's `DockersnapError`, `DaemonUnreachableError`, or the signal's reason.
 */
export interface Client {
  readonly baseUrl: string;
  readonly instances: InstancesClient;
  readonly plugins: PluginsClient;
  readonly operations: OperationsClient;
  readonly pool: PoolClient;
  /** Of which snapshots clones are kept waiting. */
  standbys(options?: ReadOptions): Promise<Standby[]>;
  health(options?: ReadOptions): Promise<DaemonHealth>;
  /** What happens in the daemon; see `EventsOptions` for resuming and ending. */
  events(options?: EventsOptions): AsyncGenerator<DaemonEvent>;
}

export interface InstancesClient {
  /** With `all`, those too that the daemon made for itself. */
  list(options?: ReadOptions & { readonly all?: boolean }): Promise<Instance[]>;
  get(name: string, options?: ReadOptions): Promise<Instance>;
  create(request: CreateInstanceRequest, options?: FollowOptions): Promise<Instance>;
  /** Change its limits, as it runs, or its labels. */
  change(name: string, change: InstanceChange, options?: FollowOptions): Promise<Instance>;
  delete(name: string, options?: FollowOptions): Promise<void>;
  start(name: string, options?: FollowOptions): Promise<Ok>;
  stop(name: string, options?: FollowOptions): Promise<Ok>;
  restart(name: string, options?: FollowOptions): Promise<Ok>;
  snapshot(name: string, request: SnapshotRequest, options?: FollowOptions): Promise<SnapshotCreated>;
  revert(name: string, request: RevertRequest, options?: FollowOptions): Promise<Ok>;
  /** Takes back the last revert that was not taken back yet. */
  undo(name: string, options?: FollowOptions): Promise<RevertChanged>;
  /** Takes the revert again that was taken back last. */
  redo(name: string, options?: FollowOptions): Promise<RevertChanged>;
  clone(name: string, request: CloneRequest, options?: FollowOptions): Promise<Instance>;
  /** With `sizes`, each with what it occupies; that may take seconds. */
  snapshots(name: string, options?: ReadOptions & { readonly sizes?: boolean }): Promise<Snapshot[]>;
  /** What it and its snapshots occupy; that may take seconds. */
  usage(name: string, options?: ReadOptions): Promise<InstanceUsage>;
  history(name: string, options?: ReadOptions): Promise<History>;
  /** What changed between two moments; that may take half a minute. */
  diff(name: string, options?: ReadOptions & DiffOptions): Promise<Diff>;
  /** Rename, tag or protect one, or say when it expires. */
  changeSnapshot(name: string, label: string, change: SnapshotChange, options?: FollowOptions): Promise<Snapshot>;
  schedules(name: string, options?: ReadOptions): Promise<Schedule[]>;
  addSchedule(name: string, request: ScheduleRequest, options?: FollowOptions): Promise<Schedule>;
  /** Its snapshots stay. */
  removeSchedule(name: string, id: string, options?: FollowOptions): Promise<void>;
  /** Tries one out on a throw-away clone. One that turns out bad is an answer like any other: see its `ok`. */
  verifySnapshot(name: string, label: string, request?: VerifyRequest, options?: FollowOptions): Promise<Verification>;
  /** Keep clones of a snapshot booted and waiting. */
  setStandby(name: string, label: string, request: StandbyRequest, options?: FollowOptions): Promise<Standby>;
  removeStandby(name: string, label: string, options?: FollowOptions): Promise<void>;
  deleteSnapshot(name: string, label: string, options?: FollowOptions): Promise<void>;
  ports(name: string, options?: ReadOptions): Promise<InstancePorts>;
  refreshPorts(name: string, options?: ReadOptions): Promise<InstancePorts>;
  access(name: string, options?: ReadOptions): Promise<Access>;
  workload(name: string, options?: ReadOptions): Promise<WorkloadAnswer>;
  /** The last probe's answer, or with `fresh` that of one made now. */
  workloadHealth(name: string, options?: ReadOptions & { readonly fresh?: boolean }): Promise<WorkloadHealth>;
}

/** Moments are labels, `now`, or `<instance>@<label>`; without them it is from where the instance came from last to now. */
interface DiffOptions {
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  /** Changed files listed of each container and volume. */
  readonly limit?: number | undefined;
}

export interface PluginsClient {
  list(options?: ReadOptions): Promise<PluginInfo[]>;
  get(name: string, options?: ReadOptions): Promise<PluginInfo>;
  reload(options?: ReadOptions): Promise<PluginInfo[]>;
}

interface PoolClient {
  get(options?: ReadOptions): Promise<PoolRoom>;
  /** To so many bytes; it never shrinks. */
  grow(request: PoolGrowRequest, options?: ReadOptions): Promise<PoolRoom>;
}

export interface OperationsClient {
  /** Newest first, and page after page until there are as many as asked for: all of them without a `limit`. */
  list(options?: ReadOptions & OperationsQuestion): Promise<Operation[]>;
  get(id: string, options?: ReadOptions): Promise<Operation>;
  /** Follows one from its first event to its end and answers with its record, whatever that end was. */
  events(id: string, options?: FollowOptions): Promise<Operation>;
  /** Asks it to stop and undo; the answer comes before it has. */
  cancel(id: string, options?: ReadOptions): Promise<void>;
}

export function createClient(options: ClientOptions): Client {
  const fetch: Fetch = options.fetch ?? ((url, request) => globalThis.fetch(url, request));
  const transport = createTransport({ baseUrl: options.baseUrl, token: options.token, fetch });
  const { call, send } = createCalls(transport);

  /** An older daemon names no operation, so its result has to be asked for. */
  const made = async (name: string, creation: Promise<unknown>) => {
    const created = await creation;
    return isInstance(created) ? created : call("getInstance", { name }, undefined);
  };

  return {
    baseUrl: transport.baseUrl,
    instances: {
      list: (options) => call("listInstances", {}, { all: yes(options?.all) }, options),
      get: (name, options) => call("getInstance", { name }, undefined, options),
      create: (request, options) => made(request.name, send("createInstance", {}, request, options)),
      change: (name, change, options) => call("changeInstance", { name }, change, options),
      delete: (name, options) => call("deleteInstance", { name }, undefined, options),
      start: (name, options) => call("startInstance", { name }, undefined, options),
      stop: (name, options) => call("stopInstance", { name }, undefined, options),
      restart: (name, options) => call("restartInstance", { name }, undefined, options),
      snapshot: (name, request, options) => call("takeSnapshot", { name }, request, options),
      revert: (name, request, options) => call("revertInstance", { name }, request, options),
      undo: (name, options) => call("undoRevert", { name }, undefined, options),
      redo: (name, options) => call("redoRevert", { name }, undefined, options),
      clone: (name, request, options) => made(request.new_name, send("cloneInstance", { name }, request, options)),
      snapshots: (name, options) => call("listSnapshots", { name }, { size: yes(options?.sizes) }, options),
      usage: (name, options) => call("getUsage", { name }, undefined, options),
      history: (name, options) => call("getHistory", { name }, undefined, options),
      diff: (name, { signal, limit, ...moments } = {}) =>
        call("getDiff", { name }, { ...moments, limit: limit === undefined ? limit : String(limit) }, { signal }),
      changeSnapshot: (name, label, change, options) => call("changeSnapshot", { name, label }, change, options),
      schedules: (name, options) => call("listSchedules", { name }, undefined, options),
      addSchedule: (name, request, options) => call("addSchedule", { name }, request, options),
      removeSchedule: (name, id, options) => call("removeSchedule", { name, id }, undefined, options),
      verifySnapshot: (name, label, request = {}, options) => call("verifySnapshot", { name, label }, request, options),
      setStandby: (name, label, request, options) => call("setStandby", { name, label }, request, options),
      removeStandby: (name, label, options) => call("removeStandby", { name, label }, undefined, options),
      deleteSnapshot: (name, label, options) => call("deleteSnapshot", { name, label }, undefined, options),
      ports: (name, options) => call("listPorts", { name }, undefined, options),
      refreshPorts: (name, options) => call("refreshPorts", { name }, undefined, options),
      access: (name, options) => call("getAccess", { name }, undefined, options),
      workload: (name, options) => call("getWorkload", { name }, undefined, options),
      workloadHealth: (name, options) => call("getWorkloadHealth", { name }, { fresh: yes(options?.fresh) }, options),
    },
    plugins: {
      list: (options) => call("listPlugins", {}, undefined, options),
      get: (name, options) => call("getPlugin", { name }, undefined, options),
      reload: (options) => call("reloadPlugins", {}, undefined, options),
    },
    operations: {
      list: (options) => allOperations(transport, options),
      get: (id, options) => call("getOperation", { id }, undefined, options),
      events: async (id, options = {}) => followOperation(transport, id, options),
      cancel: async (id, options) => void (await send("cancelOperation", { id }, undefined, options)),
    },
    pool: {
      get: (options) => call("getPool", {}, undefined, options),
      grow: (request, options) => call("growPool", {}, request, options),
    },
    standbys: (options) => call("listStandbys", {}, undefined, options),
    health: (options) => call("getHealth", {}, undefined, options),
    events: (options = {}) => daemonEvents(transport, options),
  };
}

/** A flag that is not set is not asked for. */
const yes = (flag: boolean | undefined) => (flag ? "true" : undefined);

function isInstance(value: unknown): value is Instance {
  return isRecord(value) && typeof value.name === "string";
}
