import type { HostNetworkHealth, InstancePorts } from "@dockersnap/contract";
import {
  beginClone,
  type Caller,
  type Condition,
  type Context,
  describeHistory,
  describeSchedule,
  describeSnapshot,
  describeStandby,
  diffInstance,
  findInstance,
  type HealthMonitor,
  type InstanceRecord,
  measureUsage,
  measureUse,
  type NetworkReport,
  type OperationHandle,
  type Operations,
  outsideOf,
  ownName,
  type PoolWatch,
  type StandbyKeeper,
  usersInstances,
  waits,
} from "@dockersnap/core";
import type { EventHub } from "../events/event-hub.ts";
import type { MutationRequest, Service } from "../http/service.ts";
import { version } from "../version.ts";
import type { Metrics } from "./metrics.ts";
import { refuseStopped, WorkloadAnswers } from "./workload-answers.ts";

interface Parts {
  readonly context: Context;
  /** Of the instances somebody asked for. */
  readonly conditions: () => Promise<readonly Condition[]>;
  readonly operations: Operations;
  readonly health: HealthMonitor;
  readonly events: EventHub;
  readonly metrics: Metrics;
  readonly pool: PoolWatch;
  readonly standbys: StandbyKeeper;
  readonly startedAt: Date;
}

/** Clients wait two minutes for an answer to begin. */
const patienceMs = 100_000;

/** What lies outside an instance is read from its files; whoever looks at it waits no longer for that. */
const longestLookMs = 3_000;

/** Whoever asks for an instance that has just come up waits so long for the first answer about its health. */
const firstAnswerMs = 1_000;

/** What the HTTP edge calls: requests in the contract's words, answered by the core. */
export function createService(parts: Parts): Service {
  const { context, conditions, operations, health, events, metrics, pool, standbys, startedAt } = parts;
  const { platform, ports } = context;
  const { records, plugins } = platform;
  const begunAt = platform.clock.monotonic();

  const answers = new WorkloadAnswers({ context, health });

  const find = (name: string) => findInstance(records, name);
  const networkProblems = async (name: string): Promise<readonly string[]> => {
    const { faults, unknown } = await platform.network.report();
    return [
      ...faults.filter(({ instance }) => instance === undefined || instance === name).map(({ message }) => message),
      ...unknown.map(notLookedAt),
    ];
  };
  const portsOf = async (record: InstanceRecord): Promise<InstancePorts> => {
    const problems = [...ports.problemsOf(record.name), ...(await networkProblems(record.name))];
    return {
      instance: record.name,
      target_ip: context.specs.addresses(record).inside,
      ports: [...ports.of(record.name)],
      ...(problems.length === 0 ? {} : { problems }),
    };
  };

  const firstAnswers = (names: readonly string[]) => health.firstAnswers(names, AbortSignal.timeout(firstAnswerMs));

  const usage = (name: string) => measureUsage(platform, find(name).name, AbortSignal.timeout(patienceMs));

  const standbysOf = (name?: string) =>
    records.standbys
      .all()
      .filter(({ instance }) => name === undefined || instance === name)
      .map((record) => describeStandby(records, record, standbys.problemOf(record)));

  return {
    instances: {
      async list(all) {
        const shown = all ? records.instances.all() : usersInstances(records);
        await firstAnswers(shown.map(({ name }) => name));
        return Promise.all(shown.map((record) => context.describe(record)));
      },
      async get(name) {
        await firstAnswers([name]);
        const [instance, used, outside, problems] = await Promise.all([
          context.describe(find(name)),
          measureUse(platform, name),
          outsideOf(platform, name, AbortSignal.timeout(longestLookMs)),
          networkProblems(name),
        ]);
        return { ...instance, used, ...outside, ...(problems.length === 0 ? {} : { network_problems: [...problems] }) };
      },
    },
    async snapshots(name, withSizes) {
      const waiting = new Map(
        standbysOf(name).map(({ label, count, ready }) => [label, { standby: { count, ready } }]),
      );
      const snapshots = records.snapshots
        .of(find(name).name)
        .map((record) => ({ ...describeSnapshot(record), ...waiting.get(record.label) }));
      if (!withSizes) return snapshots;
      const sizes = new Map((await usage(name)).snapshots.map((one) => [one.label, one]));
      return snapshots.map((snapshot) => ({ ...snapshot, ...sizes.get(snapshot.label) }));
    },
    usage,
    schedules: (name) =>
      records.schedules.of(find(name).name).map((record) => describeSchedule(record, platform.clock.now())),
    standbys: () => standbysOf(),
    history: (name) => describeHistory(records, name),
    diff: (name, question) => diffInstance(platform, name, question, AbortSignal.timeout(patienceMs)),
    ports: async (name) => portsOf(find(name)),
    async refreshPorts(name) {
      const record = find(name);
      if (record.purpose === "standby") throw waits(record);
      if ((await platform.engines.state(name)) !== "running") throw refuseStopped(name);
      await ports.refresh(name);
      return portsOf(record);
    },
    access: async (name, requestHost) => ({
      ...(await answers.access(find(name), requestHost)),
      daemon: records.daemonId(),
    }),
    workload: async (name) => answers.description(find(name)),
    workloadHealth: async (name, fresh) => answers.health(find(name), fresh),
    plugins: {
      list: () => [...plugins.list()],
      get: (name) => findPlugin(context, name),
      async reload() {
        const list = await plugins.reload();
        events.publish({ type: "plugins.changed" });
        return [...list];
      },
    },
    async health() {
      const states = await conditions();
      // A pool that cannot be measured is in the log already, and the daemon answers all the same.
      const room = await pool.look().catch(() => undefined);
      const network = await platform.network.report();
      const up = states.filter(({ status }) => status === "running");
      return {
        status: "ok",
        version,
        uptime: duration(platform.clock.monotonic() - begunAt),
        started_at: startedAt.toISOString(),
        instances: states.length,
        running: up.length,
        running_healthy: up.filter((instance) => instance.health === "healthy").length,
        running_unhealthy: up.filter((instance) => instance.health === "unhealthy").length,
        running_degraded: up.filter((instance) => instance.health === "degraded").length,
        ...(room === undefined ? {} : { pool: room }),
        records: records.room(),
        network: networkHealth(network),
      };
    },
    pool: () => pool.describe(),
    growPool: ({ size_bytes: sizeBytes }) => pool.grow(sizeBytes),
    metrics: () => metrics.text(),
    begin: (request, caller) => begin({ platform, operations }, request, caller),
    operations: {
      list({ limit, before, ...which }) {
        if (before !== undefined) operations.get(before);
        return [...operations.list(limit, { ...which, before })];
      },
      get: (id) => operations.get(id),
      cancel: (id) => operations.cancel(id),
      follow: (id, signal) => operations.follow(id, signal),
    },
    events: (afterId, signal) => events.follow(afterId, signal),
  };
}

function begin(
  deps: Pick<Context, "platform"> & Pick<Parts, "operations">,
  request: MutationRequest,
  caller: Caller,
): Promise<OperationHandle> {
  const { operations } = deps;
  switch (request.kind) {
    case "create":
      return operations.begin("create", request.body, caller);
    case "change":
      return operations.begin("change-instance", { name: request.name, change: request.body }, caller);
    case "snapshot":
      return operations.begin("snapshot", { ...request.body, name: request.name }, caller);
    case "revert": {
      const { label, only } = request.body;
      if (only === undefined) return operations.begin("revert", { label, name: request.name }, caller);
      return operations.begin("revert-parts", { label, only, name: request.name }, caller);
    }
    case "clone":
      return beginClone(
        deps,
        {
          source: request.name,
          label: request.body.label,
          name: request.body.new_name,
          ...(request.body.limits === undefined ? {} : { limits: request.body.limits }),
        },
        caller,
      );
    case "change_snapshot":
      return operations.begin(
        "change-snapshot",
        { name: request.name, label: request.label, change: request.body },
        caller,
      );
    case "verify":
      return operations.begin(
        "verify",
        {
          name: request.name,
          label: request.label,
          clone: ownName(request.name, "verify"),
          timeoutMs: request.body.timeout_ms,
        },
        caller,
      );
    case "add_schedule":
      return operations.begin("add-schedule", { ...request.body, name: request.name }, caller);
    case "remove_schedule":
      return operations.begin("remove-schedule", { name: request.name, id: request.id }, caller);
    case "set_standby":
      return operations.begin("set-standby", { ...request.body, name: request.name, label: request.label }, caller);
    case "remove_standby":
      return operations.begin("remove-standby", { name: request.name, label: request.label }, caller);
    case "remove_snapshot":
      return operations.begin("remove-snapshot", { name: request.name, label: request.label }, caller);
    case "start":
    case "stop":
    case "restart":
    case "undo":
    case "redo":
    case "delete":
      return operations.begin(request.kind, { name: request.name }, caller);
  }
}

function networkHealth({ faults, unknown }: NetworkReport): HostNetworkHealth {
  return {
    state: faults.length > 0 ? "faulty" : unknown.length > 0 ? "unknown" : "ok",
    problems: [...faults.map(({ message }) => message), ...unknown.map(notLookedAt)],
  };
}

function notLookedAt(part: string): string {
  return `The host's network could not be looked at: ${part}.`;
}

function findPlugin({ platform: { plugins } }: Context, name: string) {
  const found = plugins.list().find((plugin) => plugin.name === name);
  // For one that is not there this throws the sentence that says so, with the nearest name.
  return found ?? plugins.ready(name).info;
}

/** Such as `1h2m3s`. */
function duration(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor((seconds % 3600) / 60);
  return `${hours > 0 ? `${hours}h` : ""}${hours > 0 || minutes > 0 ? `${minutes}m` : ""}${seconds % 60}s`;
}
