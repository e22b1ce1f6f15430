import {
  type Access,
  type CloneRequest,
  type CreateInstanceRequest,
  type DaemonEvent,
  type DaemonHealth,
  type Diff,
  DockersnapError,
  type History,
  type Instance,
  type InstanceChange,
  type InstancePorts,
  type InstanceUsage,
  type Ok,
  type Operation,
  type PluginInfo,
  type PoolGrowRequest,
  type PoolRoom,
  type RevertChanged,
  type RevertRequest,
  type Schedule,
  type ScheduleRequest,
  type Snapshot,
  type SnapshotChange,
  type SnapshotCreated,
  type SnapshotRequest,
  type Standby,
  type StandbyRequest,
  type Verification,
  type VerifyRequest,
  type WorkloadAnswer,
  type WorkloadHealth,
} from "@dockersnap/contract/words";
import { daemonEvents, type EventsOptions } from "./events.ts";
import { type FollowOptions, followOperation, startAndFollow } from "./follow.ts";
import { allOperations, type OperationsQuestion } from "./operations.ts";
import { type Call, createTransport, type Fetch, isRecord, segment } from "./transport.ts";

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

  const call = (method: Call["method"], path: string, { signal }: ReadOptions = {}) =>
    transport.json({ method, path, signal });
  const object = async <T>(method: Call["method"], path: string, options?: ReadOptions) =>
    asObject<T>(await call(method, path, options), path);
  const list = async <T>(method: Call["method"], path: string, options?: ReadOptions) =>
    asList<T>(await call(method, path, options), path);
  const follow = (method: Call["method"], path: string, body: unknown, options: FollowOptions = {}) =>
    startAndFollow(transport, { method, path, ...(body === undefined ? {} : { body }) }, options);
  const instance = (name: string, rest = "") => `/instances/${segment(name)}${rest}`;
  const act = async <T>(path: string, body: unknown, options?: FollowOptions) =>
    asObject<T>(await follow("POST", path, body, options), path);

  return {
    baseUrl: transport.baseUrl,
    instances: {
      list: (options) => list("GET", `/instances${options?.all ? "?all=true" : ""}`, options),
      get: async (name, options) => object("GET", instance(name), options),
      create: async (request, options) => {
        const created = await follow("POST", "/instances", request, options);
        return isInstance(created) ? created : object("GET", instance(request.name));
      },
      change: async (name, change, options) =>
        asObject(await follow("PATCH", instance(name), change, options), instance(name)),
      delete: async (name, options) => {
        await follow("DELETE", instance(name), undefined, options);
      },
      start: async (name, options) => act(instance(name, "/start"), undefined, options),
      stop: async (name, options) => act(instance(name, "/stop"), undefined, options),
      restart: async (name, options) => act(instance(name, "/restart"), undefined, options),
      snapshot: async (name, request, options) => act(instance(name, "/snapshot"), request, options),
      revert: async (name, request, options) => act(instance(name, "/revert"), request, options),
      undo: async (name, options) => act(instance(name, "/undo"), undefined, options),
      redo: async (name, options) => act(instance(name, "/redo"), undefined, options),
      clone: async (name, request, options) => {
        const created = await follow("POST", instance(name, "/clone"), request, options);
        return isInstance(created) ? created : object("GET", instance(request.new_name));
      },
      snapshots: async (name, options) =>
        list("GET", instance(name, `/snapshots${options?.sizes ? "?size=true" : ""}`), options),
      usage: async (name, options) => object("GET", instance(name, "/usage"), options),
      history: async (name, options) => object("GET", instance(name, "/history"), options),
      diff: async (name, { signal, ...question } = {}) => {
        const asked = Object.entries(question).filter(([, value]) => value !== undefined);
        const query = new URLSearchParams(asked.map(([key, value]) => [key, String(value)])).toString();
        return object("GET", instance(name, `/diff${query === "" ? "" : `?${query}`}`), { signal });
      },
      changeSnapshot: async (name, label, change, options) => {
        const path = instance(name, `/snapshots/${segment(label)}`);
        return asObject(await follow("PATCH", path, change, options), path);
      },
      schedules: async (name, options) => list("GET", instance(name, "/schedules"), options),
      addSchedule: async (name, request, options) => act(instance(name, "/schedules"), request, options),
      removeSchedule: async (name, id, options) => {
        await follow("DELETE", instance(name, `/schedules/${segment(id)}`), undefined, options);
      },
      verifySnapshot: async (name, label, request = {}, options) =>
        act(instance(name, `/snapshots/${segment(label)}/verify`), request, options),
      setStandby: async (name, label, request, options) => {
        const path = instance(name, `/snapshots/${segment(label)}/standby`);
        return asObject(await follow("PUT", path, request, options), path);
      },
      removeStandby: async (name, label, options) => {
        await follow("DELETE", instance(name, `/snapshots/${segment(label)}/standby`), undefined, options);
      },
      deleteSnapshot: async (name, label, options) => {
        await follow("DELETE", instance(name, `/snapshots/${segment(label)}`), undefined, options);
      },
      ports: async (name, options) => object("GET", instance(name, "/ports"), options),
      refreshPorts: async (name, options) => object("POST", instance(name, "/ports/refresh"), options),
      access: async (name, options) => object("GET", instance(name, "/access"), options),
      workload: async (name, options) => object("GET", instance(name, "/workload"), options),
      workloadHealth: async (name, options) =>
        object("GET", instance(name, `/workload/health${options?.fresh ? "?fresh=true" : ""}`), options),
    },
    plugins: {
      list: (options) => list("GET", "/plugins", options),
      get: async (name, options) => object("GET", `/plugins/${segment(name)}`, options),
      reload: (options) => list("POST", "/plugins/reload", options),
    },
    operations: {
      list: (options) => allOperations(transport, options),
      get: async (id, options) => object("GET", `/operations/${segment(id)}`, options),
      events: async (id, options = {}) => followOperation(transport, id, options),
      cancel: async (id, options) => {
        await call("DELETE", `/operations/${segment(id)}`, options);
      },
    },
    pool: {
      get: (options) => object("GET", "/pool", options),
      grow: async (request, { signal } = {}) =>
        asObject(await transport.json({ method: "POST", path: "/pool/grow", body: request, signal }), "/pool/grow"),
    },
    standbys: (options) => list("GET", "/standby", options),
    health: (options) => object("GET", "/health", options),
    events: (options = {}) => daemonEvents(transport, options),
  };
}

/** An older daemon names no operation, so its result has to be asked for. */
function isInstance(value: unknown): value is Instance {
  return isRecord(value) && typeof value.name === "string";
}

function asObject<T>(value: unknown, path: string): T {
  if (isRecord(value)) return value as T;
  throw new DockersnapError("internal", `The daemon's answer to ${path} is not an object.`);
}

function asList<T>(value: unknown, path: string): T[] {
  if (Array.isArray(value)) return value;
  throw new DockersnapError("internal", `The daemon's answer to ${path} is not a list.`);
}
