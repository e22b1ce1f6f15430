import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { totalmem } from "node:os";
import {
  type Clock,
  type Context,
  conditionOf,
  describeInstance,
  findInstance,
  HealthMonitor,
  InstanceProbe,
  type InstanceRecord,
  type Log,
  measureUses,
  Operations,
  operationKinds,
  type Platform,
  PoolWatch,
  PortForwarding,
  type Records,
  RecordsWatch,
  reconcile,
  Scheduler,
  Specs,
  StandbyKeeper,
  StartGate,
  type StepObserver,
  startWanted,
  usersInstances,
  Workloads,
} from "@dockersnap/core";
import { createMachine } from "@dockersnap/host";
import { systemClock } from "../clock.ts";
import type { Config } from "../config/config.ts";
import { EventHub } from "../events/event-hub.ts";
import type { Service } from "../http/service.ts";
import { type Adapters, addressRange, poolLimits } from "./adapters.ts";
import { superviseEngines } from "./engine-supervision.ts";
import { newOperationId } from "./ids.ts";
import { Metrics } from "./metrics.ts";
import { createService } from "./service.ts";

export interface AppParts {
  readonly config: Config;
  readonly adapters: Adapters;
  readonly records: Records;
  readonly log: Log;
  /** Watches every step of every operation; only the fault suite has one. */
  readonly observer?: StepObserver;
  /** The machine's own where a test has no other. */
  readonly clock?: Clock;
}

/** The core on its adapters, without an edge. */
export interface App {
  readonly service: Service;
  /** Bring reality to the records; resolves when requests can be served. Engines that must be started may still be starting. */
  start(): Promise<void>;
  /** Begin nothing more, wait for what runs until `signal` aborts, leave every engine running. */
  close(signal: AbortSignal): Promise<void>;
}

export function createApp({ config, adapters, records, log, observer, clock = systemClock }: AppParts): App {
  const events = new EventHub(clock);
  const platform: Platform = {
    ...adapters,
    records,
    clock,
    log,
    events: {
      publish(event) {
        events.publish(event);
        // Schedules and expiries are told by it too.
        if (event.type === "instance.changed") scheduler.wake();
        if (event.type === "operation.ended" && event.instance !== undefined) void health.soon(event.instance);
        if (event.type === "operation.ended") metrics.operationEnded(operations.get(event.operation ?? ""));
        if (event.type === "snapshot.verified") metrics.verified(event.data?.ok === true);
        if (event.type.startsWith("instance.")) standbys.wake();
      },
    },
    settings: {
      range: addressRange(config),
      proxyBind: config.api.proxy_bind,
      advertiseHost: config.api.advertise_host,
      proxyEnv: proxyEnvironment(config.docker.proxy),
      autoKeepMs: config.snapshots.auto_keep,
      pool: poolLimits(config),
      verifyWatchMs: config.verify.watch,
      standby: {
        maxCount: config.standby.max_count,
        maxMemory: config.standby.max_memory ?? Math.floor(totalmem() / 4),
      },
    },
    fileExists: existsSync,
    newEngineId: randomUUID,
  };
  const specs = new Specs(platform);
  const byName = (name: string) => records.instances.get(name);
  const ports = new PortForwarding({
    ...platform,
    spec: (name) => {
      const record = byName(name);
      return record === undefined ? undefined : specs.network(record);
    },
  });
  const workloads = new Workloads({
    platform,
    specs,
    ports: (name) => ports.of(name),
    forgetHealth(name) {
      health.forget(name);
      probe.forget(name);
    },
  });
  const probe = new InstanceProbe({
    ...platform,
    workloads,
    watchMs: config.verify.watch,
    answersAgain: (name) => health.noticed(name),
  });
  const health: HealthMonitor = new HealthMonitor({
    clock,
    log,
    intervalMs: config.plugins.health_poll_interval,
    failureThreshold: config.plugins.health_failure_threshold,
    running: () => runningInstances(),
    probe: (name, signal) => probe.ask(findInstance(records, name), signal),
    changed: (instance, { healthy, verdict }) =>
      events.publish({ type: "health.changed", instance, data: { healthy, health: verdict } }),
  });
  const operations: Operations = new Operations({
    records,
    clock,
    log,
    events: platform.events,
    newId: newOperationId,
    ...(observer === undefined ? {} : { observer }),
  });
  const standbys: StandbyKeeper = new StandbyKeeper({ platform, specs, operations });
  const scheduler: Scheduler = new Scheduler({ platform, operations });
  const seen = {
    platform,
    specs,
    holder: (name: string) => operations.holder(name),
    health: (name: string) => health.verdict(name),
  };
  const describe = (record: InstanceRecord) => describeInstance(seen, record);
  const conditions = () => Promise.all(usersInstances(records).map((record) => conditionOf(seen, record)));
  const starts = new StartGate({ clock: systemClock, machine: createMachine() });
  const context: Context = { platform, specs, ports, workloads, starts, describe };
  const runningInstances = async () => {
    const all = usersInstances(records).filter((record) => record.phase === "ready");
    const states = await Promise.all(all.map((record) => adapters.engines.state(record.name)));
    return all.filter((_record, index) => states[index] === "running").map((record) => record.name);
  };
  for (const kind of operationKinds(context)) operations.register(kind);
  const startDown = () => {
    startWanted(context, operations).catch((error: unknown) => log.error("starting engines failed", { error }));
  };
  const pool = new PoolWatch({ ...platform, writable: startDown });
  const recordsWatch = new RecordsWatch(platform);
  const metrics: Metrics = new Metrics({
    statuses: async () => (await conditions()).map(({ status }) => status),
    purposes: () => records.instances.all().flatMap(({ purpose }) => purpose ?? []),
    pool: () => pool.look(),
    network: () => adapters.network.report(),
    uses: () => measureUses(platform),
    records: () => records.room(),
  });
  const service = createService({
    context,
    conditions,
    operations,
    health,
    events,
    metrics,
    pool,
    standbys,
    startedAt: clock.now(),
  });

  return {
    service,
    async start() {
      adapters.storage.whenRestored(() => {
        log.warn("something unmounted the pool, and it was mounted again");
        metrics.hostRestored("mount");
      });
      const holdsData = records.instances.all().some(({ phase }) => phase === "ready");
      await Promise.all([adapters.storage.open({ holdsData }), adapters.network.open(), adapters.plugins.reload()]);
      superviseEngines({ context, operations });
      adapters.engines.observe({ changed: (name) => health.noticed(name), gone: () => undefined });
      const { adopted, starting, started } = await reconcile(context, operations);
      adapters.network.keep((what) => metrics.hostRestored(what));
      log.info("ready", { adopted, starting });
      started.then(
        () => undefined,
        (error) => log.error("starting engines failed", { error }),
      );
      health.start();
      for (const name of adopted) void health.soon(name);
      scheduler.start();
      standbys.start();
      pool.start();
      recordsWatch.start();
    },
    async close(signal) {
      health.stop();
      probe.stop();
      scheduler.stop();
      standbys.stop();
      pool.stop();
      recordsWatch.stop();
      await operations.close(signal);
      await Promise.all([adapters.engines.close(), adapters.network.close()]);
    },
  };
}

/** Each in both spellings: half of all programs read only one of them. */
function proxyEnvironment(proxy: Config["docker"]["proxy"]): Record<string, string> {
  const pairs = { HTTP_PROXY: proxy.http, HTTPS_PROXY: proxy.https, NO_PROXY: proxy.no_proxy };
  return Object.fromEntries(
    Object.entries(pairs).flatMap(([name, value]) =>
      value === undefined
        ? []
        : [
            [name, value],
            [name.toLowerCase(), value],
          ],
    ),
  );
}
