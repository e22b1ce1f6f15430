import type { DaemonEvent, Instance, Operation, ProgressEvent } from "@dockersnap/contract/words";
import { DockersnapError } from "@dockersnap/contract/words";
import type { BegunOperation, MutationRequest, RequestCaller, Service } from "../../src/http/service.ts";

const at = "2026-01-01T00:00:00.000Z";

/** Items that any number of followers read from the first on, as they come. */
class Feed<T> {
  readonly #items: T[] = [];
  readonly #waiting = new Set<() => void>();
  #ended = false;
  following = 0;
  #left = Promise.withResolvers<void>();

  /** Resolves when a follower has left. */
  left(): Promise<void> {
    return this.#left.promise;
  }

  push(item: T): void {
    this.#items.push(item);
    for (const wake of [...this.#waiting]) wake();
  }

  end(): void {
    this.#ended = true;
    for (const wake of [...this.#waiting]) wake();
  }

  async *follow(signal: AbortSignal): AsyncGenerator<T, void, void> {
    this.following += 1;
    try {
      for (let next = 0; !signal.aborted; ) {
        const item = this.#items[next];
        if (item !== undefined) {
          next += 1;
          yield item;
        } else if (this.#ended) return;
        else {
          const { promise, resolve } = Promise.withResolvers<void>();
          this.#waiting.add(resolve);
          signal.addEventListener("abort", () => resolve(), { once: true });
          await promise;
          this.#waiting.delete(resolve);
        }
      }
    } finally {
      this.following -= 1;
      this.#left.resolve();
      this.#left = Promise.withResolvers<void>();
    }
  }
}

/** One operation a test drives by hand. */
export class FakeOperation {
  readonly feed = new Feed<ProgressEvent>();
  readonly done: Promise<Operation>;
  record: Operation;
  readonly #resolve: (operation: Operation) => void;

  constructor(id: string, kind: string, instance: string) {
    const { promise, resolve } = Promise.withResolvers<Operation>();
    this.done = promise;
    this.#resolve = resolve;
    this.record = {
      id,
      kind,
      instance,
      requested_by: "test",
      status: "running",
      cancellable: true,
      started_at: at,
      steps: [],
    };
  }

  succeed(result?: unknown): void {
    this.#end({ status: "done", ...(result === undefined ? {} : { result }) }, { step: "complete", status: "done" });
  }

  fail(error: { error: string; code: string; details?: Record<string, unknown> }): void {
    this.#end({ status: "failed", error }, { step: "error", status: "error", message: error.error });
  }

  #end(change: Partial<Operation>, event: ProgressEvent): void {
    this.record = { ...this.record, ...change, ended_at: at };
    this.feed.push(event);
    this.feed.end();
    this.#resolve(this.record);
  }
}

export function instanceNamed(name: string): Instance {
  return {
    name,
    dataset: `pool/${name}`,
    subnet: "10.10.0.0/16",
    subnet_index: 0,
    metallb_ip: "10.10.10.10",
    socket: `/run/dockersnap/${name}.sock`,
    pid_file: `/run/dockersnap/${name}.pid`,
    created_at: at,
    status: "running",
    snapshots: [],
  };
}

/** A daemon without a machine under it: remembers what it was asked, answers what the test says. */
export class FakeService implements Service {
  readonly begun: { request: MutationRequest; caller: RequestCaller }[] = [];
  readonly operationsById = new Map<string, FakeOperation>();
  readonly daemonEvents = new Feed<DaemonEvent>();
  readonly asked: unknown[] = [];
  /** What `begin` does with a new operation; by default it succeeds at once. */
  drive: (operation: FakeOperation) => void = (operation) => operation.succeed({ status: "ok" });
  refusal: unknown;
  #keys = new Map<string, FakeOperation>();

  instances: Service["instances"] = {
    list: async (all) => [
      instanceNamed("web"),
      ...(all ? [{ ...instanceNamed("web-verify-1a2b3c"), purpose: "verify" as const }] : []),
    ],
    get: async (name) => {
      if (name === "broken") throw new Error("ENOENT: /var/lib/dockersnap/secret/path");
      if (name !== "web") {
        throw new DockersnapError("not_found", `No instance '${name}'. Did you mean 'web'?`, {
          details: { nearest: "web" },
        });
      }
      return instanceNamed(name);
    },
  };
  snapshots: Service["snapshots"] = async () => [];
  diff: Service["diff"] = async (name, question) => {
    this.asked.push(["diff", name, question]);
    return {
      from: { instance: name, label: "s1", at },
      to: { instance: name, at },
      containers: [],
      images: [],
      volumes: [],
      networks: [],
      truncated: false,
      looked_at: { entries: 0, read_bytes: 0, ms: 0 },
      problems: [],
    };
  };

  usage: Service["usage"] = async (name) => ({
    instance: name,
    measured_at: at,
    referenced_bytes: 2,
    shared_bytes: 1,
    exclusive_bytes: 1,
    freed_by_delete_bytes: 1,
    snapshots: [],
  });
  schedules: Service["schedules"] = () => [];
  standbys: Service["standbys"] = () => [];
  history: Service["history"] = (name) => ({
    instance: name,
    created_at: at,
    origins: [],
    snapshots: [],
    clones: [],
    reverts: [],
  });
  ports: Service["ports"] = async (name) => ({ instance: name, target_ip: "10.10.0.2", ports: [] });
  refreshPorts: Service["refreshPorts"] = async (name) => ({ instance: name, target_ip: "10.10.0.2", ports: [] });
  access: Service["access"] = async (name, host) => {
    this.asked.push(["access", name, host]);
    return { contract_version: "1", env: { HOST: host ?? "" }, files: [], endpoints: [] };
  };
  workload: Service["workload"] = async () => ({
    workload_plugin: "echo",
    workload_type: "echo",
    contract_version: "1",
    status: "running",
    ports: [],
    config: {},
    details: {},
  });
  workloadHealth: Service["workloadHealth"] = async (name, fresh) => {
    this.asked.push(["health", name, fresh]);
    return {
      workload_plugin: "echo",
      healthy: true,
      checks: [],
      contract_version: "1",
      checked_at: at,
      consecutive_fails: 0,
    };
  };
  readonly plugins: Service["plugins"] = {
    list: () => [{ name: "echo", status: "ready" }],
    get: (name) => ({ name, status: "ready" }),
    reload: async () => [{ name: "echo", status: "ready" }],
  };
  health: Service["health"] = async () => ({
    status: "ok",
    version: "1.2.3",
    uptime: "1s",
    started_at: at,
    instances: 1,
    running: 1,
    running_healthy: 1,
    running_unhealthy: 0,
  });
  pool: Service["pool"] = async () => ({ total_bytes: 4, free_bytes: 3, reserve_bytes: 1, state: "ok" });
  growPool: Service["growPool"] = async ({ size_bytes: total }) => ({ ...(await this.pool()), total_bytes: total });
  metrics: Service["metrics"] = async () => "dockersnap_instances 1\n";

  async begin(request: MutationRequest, caller: RequestCaller): Promise<BegunOperation> {
    if (this.refusal !== undefined) throw this.refusal;
    const known = caller.idempotencyKey === undefined ? undefined : this.#keys.get(caller.idempotencyKey);
    if (known !== undefined) return { id: known.record.id, done: known.done };
    this.begun.push({ request, caller });
    const instance = request.kind === "create" ? request.body.name : request.name;
    const operation = new FakeOperation(`op-${this.begun.length}`, request.kind, instance);
    this.operationsById.set(operation.record.id, operation);
    if (caller.warnings?.length) operation.record = { ...operation.record, warnings: [...caller.warnings] };
    if (caller.idempotencyKey !== undefined) this.#keys.set(caller.idempotencyKey, operation);
    this.drive(operation);
    return { id: operation.record.id, done: operation.done };
  }

  readonly operations: Service["operations"] = {
    list: ({ limit, before, instance, since }) => {
      const newest = [...this.operationsById.values()].map(({ record }) => record).reverse();
      const from = before === undefined ? 0 : newest.indexOf(this.operation(before).record) + 1;
      return newest
        .slice(from)
        .filter((one) => (instance ?? one.instance) === one.instance && one.started_at >= (since ?? ""))
        .slice(0, limit);
    },
    get: (id) => this.operation(id).record,
    cancel: (id) => this.operation(id).record,
    follow: (id, signal) => this.operation(id).feed.follow(signal),
  };

  events: Service["events"] = (afterId, signal) => {
    this.asked.push(["events", afterId]);
    return this.daemonEvents.follow(signal);
  };

  operation(id: string): FakeOperation {
    const found = this.operationsById.get(id);
    if (found === undefined) throw new DockersnapError("not_found", `No operation '${id}'.`);
    return found;
  }
}
