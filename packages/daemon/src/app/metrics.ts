import {
  InstancePurpose,
  type InstanceStatus,
  type InstanceUse,
  type Operation,
  PoolRoom,
  type RecordsRoom,
} from "@dockersnap/contract";
import type { NetworkPart, NetworkReport } from "@dockersnap/core";
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";

interface Sources {
  readonly statuses: () => Promise<readonly InstanceStatus[]>;
  /** Of each instance the daemon made for itself. */
  readonly purposes: () => readonly InstancePurpose[];
  readonly pool: () => Promise<PoolRoom>;
  readonly records: () => RecordsRoom;
  readonly network: () => Promise<NetworkReport>;
  readonly uses: () => Promise<readonly (InstanceUse & { readonly instance: string })[]>;
}

/** What is told of each instance: the name of its metric, and what it says. */
const usesTold = [
  ["memory_bytes", "Bytes of memory an instance holds, without what the kernel keeps of files and can drop."],
  ["cpu_seconds", "Processor time an instance took since its engine came up."],
  ["pids", "Processes and threads of an instance."],
  ["disk_bytes", "Bytes that count against an instance's disk limit."],
] as const;

/** A part of what the daemon set up on the host. */
export type HostPart = NetworkPart | "mount";

const networkParts: readonly NetworkPart[] = ["table", "filter", "link", "namespace", "settings", "resolver", "port"];

/** Statistics of the event loop's lag; the lag at the moment of the question is told beside them. */
const lagStatistics = ["min", "max", "mean", "stddev", "p50", "p90", "p99"];

/**
 * The daemon's own process. Statistics of its event loop are left out: they are those of a timer, and one that is any good wakes
 * an idle daemon a hundred times a second, which was most of the processor time it took.
 */
function collectProcess(register: Registry): void {
  const hourMs = 3_600_000;
  collectDefaultMetrics({ register, prefix: "dockersnap_", eventLoopMonitoringPrecision: hourMs });
  for (const statistic of lagStatistics) {
    register.removeSingleMetric(`dockersnap_nodejs_eventloop_lag_${statistic}_seconds`);
  }
}

/** Numbers for Prometheus; gauges are read when they are asked for. */
export class Metrics {
  readonly #registry = new Registry();
  readonly #operations: Counter<"kind" | "status">;
  readonly #seconds: Histogram<"kind">;
  readonly #verifications: Counter<"result">;
  readonly #restored: Counter<"what">;

  constructor(sources: Sources) {
    const registers = [this.#registry];
    collectProcess(this.#registry);
    this.#operations = new Counter({
      name: "dockersnap_operations_total",
      help: "Completed operations, by kind and result.",
      labelNames: ["kind", "status"],
      registers,
    });
    this.#seconds = new Histogram({
      name: "dockersnap_operation_seconds",
      help: "Duration of operations.",
      labelNames: ["kind"],
      buckets: [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 600],
      registers,
    });
    this.#verifications = new Counter({
      name: "dockersnap_verifications_total",
      help: "Verified snapshots, by whether they could be restored.",
      labelNames: ["result"],
      registers,
    });
    // An alert on a rise needs something to rise from.
    for (const result of ["ok", "failed"]) this.#verifications.inc({ result }, 0);
    this.#restored = new Counter({
      name: "dockersnap_host_restored_total",
      help: "Parts of the daemon's host setup (its network, the mount of its pool) that another program changed or removed and the daemon restored, by part.",
      labelNames: ["what"],
      registers,
    });
    for (const what of [...networkParts, "mount"]) this.#restored.inc({ what }, 0);
    new Gauge({
      name: "dockersnap_host_faults",
      help: "Parts of the daemon's host setup that currently differ from what they must be, by part; 'unknown' could not be checked.",
      labelNames: ["what"],
      registers,
      async collect() {
        const [{ faults, unknown }, { state }] = await Promise.all([sources.network(), sources.pool()]);
        for (const what of networkParts) this.set({ what }, faults.filter((fault) => fault.what === what).length);
        this.set({ what: "mount" }, state === "unmounted" ? 1 : 0);
        this.set({ what: "unknown" }, unknown.length);
      },
    });
    new Gauge({
      name: "dockersnap_instances",
      help: "Instances by status.",
      labelNames: ["status"],
      registers,
      async collect() {
        const statuses = await sources.statuses();
        for (const status of ["running", "stopped", "error"]) {
          this.set({ status }, statuses.filter((each) => each === status).length);
        }
      },
    });
    for (const [what, help] of usesTold) {
      new Gauge({
        name: `dockersnap_instance_${what}`,
        help,
        labelNames: ["instance"],
        registers,
        async collect() {
          this.reset();
          for (const { instance, [what]: value } of await sources.uses()) {
            if (value !== undefined) this.set({ instance }, value);
          }
        },
      });
    }
    new Gauge({
      name: "dockersnap_own_instances",
      help: "Internal instances, by purpose.",
      labelNames: ["purpose"],
      registers,
      collect() {
        const purposes = sources.purposes();
        for (const purpose of InstancePurpose.options) {
          this.set({ purpose }, purposes.filter((each) => each === purpose).length);
        }
      },
    });
    new Gauge({
      name: "dockersnap_pool_bytes",
      help: "Bytes of the pool: total, free, and kept in reserve.",
      labelNames: ["what"],
      registers,
      async collect() {
        const { total_bytes, free_bytes, reserve_bytes } = await sources.pool();
        this.set({ what: "total" }, total_bytes);
        this.set({ what: "free" }, free_bytes);
        this.set({ what: "reserve" }, reserve_bytes);
      },
    });
    new Gauge({
      name: "dockersnap_pool_state",
      help: "1 for the current state of the pool: ok, nearly_full, full (nothing new is created), read_only (nothing can be changed) or unmounted.",
      labelNames: ["state"],
      registers,
      async collect() {
        const { state } = await sources.pool();
        for (const each of PoolRoom.shape.state.options) this.set({ state: each }, each === state ? 1 : 0);
      },
    });
    new Gauge({
      name: "dockersnap_pool_metadata_bytes",
      help: "Bytes of the pool for metadata: total, free, and kept in reserve.",
      labelNames: ["what"],
      registers,
      async collect() {
        const { metadata } = await sources.pool();
        if (metadata === undefined) return this.reset();
        this.set({ what: "total" }, metadata.total_bytes);
        this.set({ what: "free" }, metadata.free_bytes);
        this.set({ what: "reserve" }, metadata.reserve_bytes);
      },
    });
    new Gauge({
      name: "dockersnap_records_bytes",
      help: "Bytes of the disk with the records: total, free, and kept in reserve.",
      labelNames: ["what"],
      registers,
      collect() {
        const { total_bytes, free_bytes, reserve_bytes } = sources.records();
        this.set({ what: "total" }, total_bytes);
        this.set({ what: "free" }, free_bytes);
        this.set({ what: "reserve" }, reserve_bytes);
      },
    });
  }

  operationEnded({ kind, status, started_at, ended_at }: Operation): void {
    this.#operations.inc({ kind, status });
    if (ended_at !== undefined) this.#seconds.observe({ kind }, (Date.parse(ended_at) - Date.parse(started_at)) / 1000);
  }

  verified(isOk: boolean): void {
    this.#verifications.inc({ result: isOk ? "ok" : "failed" });
  }

  hostRestored(what: HostPart): void {
    this.#restored.inc({ what });
  }

  text(): Promise<string> {
    return this.#registry.metrics();
  }
}
