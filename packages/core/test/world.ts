import type { Operation, ProgressEvent } from "@dockersnap/contract";
import {
  type Clock,
  type ContainerSummary,
  type Context,
  describeInstance,
  findInstance,
  type Log,
  Operations,
  operationKinds,
  type Platform,
  PortForwarding,
  reconcile,
  Specs,
  StartGate,
  type StoredContainer,
  type StoredVolume,
  Workloads,
} from "../src/index.ts";
import type { StepMoment } from "../src/operation/kind.ts";
import {
  MemoryDataRoots,
  MemoryEngines,
  MemoryMachine,
  MemoryNetwork,
  MemoryPlugins,
  MemoryRecords,
  MemoryStorage,
  MemoryTrees,
  StoredDataRoots,
} from "../testing/index.ts";

const quiet: Log = { debug() {}, info() {}, warn() {}, error() {}, child: () => quiet };

/** Where a step is made to fail, or the daemon to die. */
export interface Fault {
  readonly step: string;
  readonly moment: StepMoment;
}

const caller = { requestedBy: "test" };

/** A host that outlives its daemons, and a daemon on it. */
export class World {
  readonly records = new MemoryRecords();
  readonly storage = new MemoryStorage();
  readonly stored = new StoredDataRoots(this.storage);
  readonly dataRoots = new MemoryDataRoots(this.stored);
  readonly trees = new MemoryTrees();
  readonly network = new MemoryNetwork();
  readonly plugins = new MemoryPlugins();
  readonly #machine = new MemoryMachine(this.stored);
  engines = new MemoryEngines(this.#machine);
  readonly clock: Clock = {
    // Every look is a moment later, so that what is kept by time has a name of its own.
    now: () => this.#laterMoment(),
    monotonic: () => this.#now + 0.5,
    sinceBoot: () => ({ boot: "one", ms: this.#now }),
    after: (ms, work) => {
      this.#now += ms;
      queueMicrotask(work);
      return () => undefined;
    },
  };
  #now = Date.parse("2026-01-01T00:00:00Z");
  #ids = 0;
  #engineIds = 0;
  #fault: Fault | undefined;
  #died: PromiseWithResolvers<void> | undefined;
  #happens: (() => void) | undefined;
  #daemon = this.#startDaemon();

  /** Run an operation to its end. */
  async run(kind: string, input: unknown): Promise<Operation> {
    return (await this.#daemon.operations.begin(kind, input, caller)).done;
  }

  /** As `run`, and it has to succeed. */
  async did(kind: string, input: unknown): Promise<unknown> {
    const operation = await this.run(kind, input);
    if (operation.status !== "done") throw new Error(`${kind} ended ${operation.status}: ${operation.error?.error}`);
    return operation.result;
  }

  /** What an operation that has ended told as it went. */
  async told(id: string): Promise<ProgressEvent[]> {
    return Array.fromAsync(this.#daemon.operations.follow(id, new AbortController().signal));
  }

  async failing(fault: Fault, kind: string, input: unknown): Promise<Operation> {
    this.#fault = fault;
    try {
      return await this.run(kind, input);
    } finally {
      this.#fault = undefined;
    }
  }

  /** Something else happens on the host at that moment, and the operation goes on. */
  async meanwhile(moment: Fault, happens: () => void, kind: string, input: unknown): Promise<Operation> {
    this.#happens = happens;
    try {
      return await this.failing(moment, kind, input);
    } finally {
      this.#happens = undefined;
    }
  }

  /**
   * The daemon dies at that moment, or when the operation has ended without coming there, and the next one starts. Resolves
   * with the operation as that one ended it.
   */
  async dying(fault: Fault, kind: string, input: unknown): Promise<Operation> {
    this.#died = Promise.withResolvers();
    this.#fault = fault;
    try {
      const { id, done } = await this.#daemon.operations.begin(kind, input, caller);
      await Promise.race([this.#died.promise, done]);
      this.#died = undefined;
      this.#fault = undefined;
      await this.restart();
      return this.#daemon.operations.get(id);
    } finally {
      this.#died = undefined;
      this.#fault = undefined;
    }
  }

  /** A new daemon on the same host. */
  async restart(): Promise<void> {
    this.engines = new MemoryEngines(this.#machine);
    this.#daemon = this.#startDaemon();
    const { started } = await reconcile(this.#daemon.context, this.#daemon.operations);
    await started;
  }

  /** Names of every kind of operation there is. */
  kinds(): readonly string[] {
    return operationKinds(this.#daemon.context).map(({ name }) => name);
  }

  /** What the daemon of now is made of. */
  get daemon() {
    return this.#daemon;
  }

  /** The time of day becomes an earlier one. */
  setBack(ms: number): void {
    this.#now -= ms;
  }

  describe(name: string) {
    return this.#daemon.context.describe(findInstance(this.records, name));
  }

  ports(name: string) {
    return this.#daemon.context.ports.of(name);
  }

  /** What a client and a look at the host would see of one instance. */
  async sight(name: string) {
    const record = this.records.instances.get(name);
    const dataset = (await this.storage.list()).find(({ id }) => id === name);
    return {
      record,
      snapshotRecords: this.records.snapshots.of(name).map(({ label }) => label),
      marks: this.records.snapshots
        .of(name)
        .map(({ tags, protected: isProtected, verified }) => ({ tags, isProtected, restorable: verified?.ok })),
      schedules: this.records.schedules.of(name).map(({ createdAt: _createdAt, ...schedule }) => schedule),
      standbys: this.records.standbys
        .all()
        .filter(({ instance }) => instance === name)
        .map(({ createdAt: _createdAt, ...standby }) => standby),
      parents: this.records.snapshots.of(name).map(({ parent }) => parent),
      reverts: this.records.reverts.of(name).map(({ at: _at, ...revert }) => revert),
      dataset,
      files: dataset?.present
        ? Object.fromEntries(this.storage.files(name).map((file) => [file, this.read(name, file)]))
        : {},
      engine: await this.engines.state(name),
      bounds: { engine: this.engines.limits(name), disk: this.storage.quota(name) },
      network: this.network.has(name),
      forwards: this.network.has(name) ? this.network.forwards(name) : [],
    };
  }

  write(name: string, file: string, text: string): void {
    this.storage.write(name, file, Buffer.from(text));
  }

  read(name: string, file: string): string | undefined {
    const bytes = this.storage.read(name, file);
    return bytes === undefined ? undefined : Buffer.from(bytes).toString();
  }

  #startDaemon() {
    const platform: Platform = {
      records: this.records,
      storage: this.storage,
      dataRoots: this.dataRoots,
      trees: this.trees,
      containerFiles: this.stored,
      engines: this.engines,
      network: this.network,
      plugins: this.plugins,
      clock: this.clock,
      log: quiet,
      events: { publish: () => undefined },
      settings: {
        range: { baseOffset: "10.10.0.0", subnetSize: 16, metallbHostOffset: "10.10" },
        proxyBind: "127.0.0.1",
        advertiseHost: undefined,
        proxyEnv: {},
        autoKeepMs: 86_400_000,
        verifyWatchMs: 10_000,
        pool: { warnAt: 0.85, reserve: undefined },
        standby: { maxCount: 4, maxMemory: 2 ** 30 },
      },
      fileExists: () => false,
      newEngineId: () => `00000000-0000-4000-8000-${String(++this.#engineIds).padStart(12, "0")}`,
    };
    const specs = new Specs(platform);
    const ports = new PortForwarding({
      ...platform,
      spec: (name) => {
        const record = this.records.instances.get(name);
        return record === undefined ? undefined : specs.network(record);
      },
    });
    const workloads = new Workloads({
      platform,
      specs,
      ports: (name) => ports.of(name),
      forgetHealth: () => undefined,
    });
    const operations = new Operations({
      ...platform,
      newId: () => `op-${++this.#ids}`,
      observer: { at: (moment, _kind, step) => this.#at(moment, step) },
    });
    const context: Context = {
      platform,
      specs,
      ports,
      workloads,
      starts: new StartGate({
        clock: this.clock,
        machine: { processors: 64, look: () => ({ idle: 1, availableMemory: 2 ** 40 }) },
      }),
      describe: (record) =>
        describeInstance(
          { platform, specs, holder: (name) => operations.holder(name), health: () => undefined },
          record,
        ),
    };
    for (const kind of operationKinds(context)) operations.register(kind);
    return { operations, context };
  }

  #laterMoment(): Date {
    this.#now += 1_000;
    return new Date(this.#now);
  }

  #at(moment: StepMoment, step: string): Promise<void> | undefined {
    if (this.#fault?.step !== step || this.#fault.moment !== moment) return undefined;
    if (this.#died === undefined) {
      // Once: a step that is tried again succeeds.
      this.#fault = undefined;
      if (this.#happens !== undefined) return void this.#happens();
      throw new Error(`made to fail at ${moment} of ${step}`);
    }
    this.#died.resolve();
    return new Promise(() => undefined);
  }
}

export function container(change: Partial<ContainerSummary> = {}): ContainerSummary {
  return {
    id: "c".repeat(64),
    name: "web",
    image: "web:1",
    state: "running",
    labels: {},
    ports: [],
    mounts: [],
    ...change,
  };
}

export function storedContainer(change: Partial<StoredContainer> = {}): StoredContainer {
  const id = change.id ?? "c".repeat(64);
  return {
    ...{ id, name: "web", createdAt: "2026-01-01T00:00:00Z", image: "web:1", imageName: "web:1", state: "running" },
    ...{ command: [], env: [], labels: {}, ports: [], mounts: [], networks: [], settings: {}, exitCode: 0 },
    layers: { mountId: id, own: `overlay2/${id}/diff`, below: [] },
    ...change,
  };
}

export function storedVolume(change: Partial<StoredVolume> = {}): StoredVolume {
  const name = change.name ?? "data";
  return { name, driver: "local", labels: {}, options: {}, folder: `volumes/${name}/_data`, ...change };
}
