import type { InstanceStatus } from "@dockersnap/contract";
import type { Capacity } from "@dockersnap/core";
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";

interface Sources {
  readonly statuses: () => Promise<readonly InstanceStatus[]>;
  readonly capacity: () => Promise<Capacity>;
}

/** Numbers for Prometheus; gauges are read when they are asked for. */
export class Metrics {
  readonly #registry = new Registry();
  readonly #operations: Counter<"kind" | "status">;
  readonly #seconds: Histogram<"kind">;

  constructor(sources: Sources) {
    const registers = [this.#registry];
    collectDefaultMetrics({ register: this.#registry, prefix: "dockersnap_" });
    this.#operations = new Counter({
      name: "dockersnap_operations_total",
      help: "Operations that ended, by kind and end.",
      labelNames: ["kind", "status"],
      registers,
    });
    this.#seconds = new Histogram({
      name: "dockersnap_operation_seconds",
      help: "How long operations took from their beginning to their end.",
      labelNames: ["kind"],
      buckets: [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 600],
      registers,
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
    new Gauge({
      name: "dockersnap_pool_bytes",
      help: "Bytes of the pool, in total and free.",
      labelNames: ["what"],
      registers,
      async collect() {
        const { total, free } = await sources.capacity();
        this.set({ what: "total" }, total);
        this.set({ what: "free" }, free);
      },
    });
  }

  operationEnded(kind: string, status: string, seconds: number): void {
    this.#operations.inc({ kind, status });
    this.#seconds.observe({ kind }, seconds);
  }

  text(): Promise<string> {
    return this.#registry.metrics();
  }
}
