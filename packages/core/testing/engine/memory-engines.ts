import { DockersnapError, type EngineOptions, type Limits } from "@dockersnap/contract/words";
import type {
  BridgeNetwork,
  ContainerSummary,
  ContainerVitals,
  EngineApi,
  EngineHost,
  EngineObserver,
  EngineSpec,
  EngineState,
  EngineUse,
} from "../../src/engine/engine.ts";
import type { HostProbe } from "../../src/platform/probe.ts";
import { Failures } from "../failures.ts";

/** Methods of the engine host, and of an engine's API, that can be made to fail. */
export type EngineMethod =
  | "start"
  | "stop"
  | "detach"
  | "kill"
  | "state"
  | "freeze"
  | "thaw"
  | "suspend"
  | "resume"
  | "rename"
  | "adopt"
  | "limit"
  | "list"
  | "containers"
  | "startContainer"
  | "stopContainer"
  | "pauseContainer"
  | "setRestartPolicy"
  | "vitals";

interface MemoryEngine {
  readonly spec: EngineSpec;
  readonly live: boolean;
  readonly frozen: boolean;
  /** Its dockerd is not there for a while. */
  readonly detached: boolean;
  readonly suspended: boolean;
  readonly limits: Limits;
  readonly memory: number | undefined;
}

/** Where a machine's engines keep their containers. */
export interface MemoryDisk {
  /** What an engine finds there when it starts; undefined where no engine wrote anything down yet. */
  containers(dataRoot: string): readonly ContainerSummary[] | undefined;
  setState(dataRoot: string, id: string, state: string): void;
  /** Containers whose restart policies were taken out of dockerd's files, by data-root and id. */
  readonly withheld: Set<string>;
  /** Nothing can be written there, so that dockerd does not come up. */
  isFull(dataRoot: string): boolean;
}

/** What outlives one `MemoryEngines`, as a host's processes and disks outlive a daemon. */
export class MemoryMachine {
  readonly engines = new Map<string, MemoryEngine>();
  /** By data-root, where dockerd keeps them. */
  readonly containers = new Map<string, readonly ContainerSummary[]>();
  /** What is told of containers beyond the list, by id. */
  readonly vitals = new Map<string, Partial<ContainerVitals>>();
  readonly disk: MemoryDisk | undefined;

  constructor(disk?: MemoryDisk) {
    this.disk = disk;
  }
}

/**
 * Engines that are only remembered. Two of them over one machine are an earlier daemon and the next one. Containers
 * keep to their data-root; those that ran when an engine ended are `exited` after it. With the next start all run whose
 * restart policy is not `no`, which is `always` unless `setVitals` says otherwise. Tests put containers in with `setContainers`, see what is frozen, end an engine with
 * `crash`, and make the next call of a method fail with `failNext`.
 */
export class MemoryEngines implements EngineHost {
  /** Why this machine holds no engine to limits, where a test wants none. */
  unbounded: string | undefined;
  /** Bytes every engine of this machine holds, where a test has given it none of its own. */
  memoryOfEach = 0;
  readonly #machine: MemoryMachine;
  readonly #watched = new Set<string>();
  readonly #observers = new Set<EngineObserver>();
  readonly #failures = new Failures<EngineMethod>();
  readonly #specs = new Map<string, EngineSpec>();
  readonly #networks = new Map<string, readonly BridgeNetwork[]>();

  constructor(machine: MemoryMachine = new MemoryMachine()) {
    this.#machine = machine;
  }

  /** The next call of `method` rejects with `error` and changes nothing; several add up, first come first served. */
  failNext(method: EngineMethod, error?: Error): void {
    this.#failures.add(method, error);
  }

  /** What the engine was last started or adopted with. */
  spec(name: string): EngineSpec | undefined {
    return this.#specs.get(name);
  }

  isSuspended(name: string): boolean {
    return this.#machine.engines.get(name)?.suspended ?? false;
  }

  /** What a running engine is held to. */
  limits(name: string): Limits | undefined {
    return this.#machine.engines.get(name)?.limits;
  }

  /** Let a running engine hold so many bytes of memory. */
  setMemory(name: string, memory: number): void {
    this.#machine.engines.set(name, { ...this.#running(name), memory });
  }

  isFrozen(name: string): boolean {
    return this.#machine.engines.get(name)?.frozen ?? false;
  }

  /** Replace the containers of a running engine, and report it as dockerd would. */
  setContainers(name: string, containers: readonly ContainerSummary[]): void {
    this.#machine.containers.set(this.#running(name).spec.dataRoot, containers);
    this.#changed(name);
  }

  /** Replace the networks that were made in a running engine, and report it as dockerd would. */
  setNetworks(name: string, networks: readonly BridgeNetwork[]): void {
    this.#networks.set(name, networks);
    this.#changed(name);
  }

  /** What is told of a container beyond the list; it has a restart policy and no health check unless this says otherwise. */
  setVitals(id: string, vitals: Partial<ContainerVitals>): void {
    this.#machine.vitals.set(id, vitals);
  }

  /** End an engine as the kernel does when memory runs out. */
  crash(name: string): void {
    const engine = this.#running(name);
    this.#endContainers(engine.spec.dataRoot);
    this.#machine.engines.set(name, { ...engine, live: false, frozen: false, detached: false, suspended: false });
    if (this.#watched.delete(name)) for (const observer of this.#observers) observer.gone(name, "its sandbox ended");
  }

  socketPath(name: string): string {
    return `/memory/run/${name}.sock`;
  }

  isOwn(name: string, path: string): boolean {
    return path === this.socketPath(name) || path === "/var/run/docker.sock";
  }

  pidFile(name: string): string {
    return `/memory/run/${name}.pid`;
  }

  async start(spec: EngineSpec, signal: AbortSignal): Promise<void> {
    this.#failures.meet("start");
    if (signal.aborted) throw new DockersnapError("cancelled", `Starting the engine of '${spec.name}' was cancelled.`);
    this.#requireRoom(spec);
    if (this.#machine.engines.get(spec.name)?.live !== true) {
      this.#machine.engines.set(spec.name, {
        spec,
        live: true,
        frozen: false,
        detached: false,
        suspended: false,
        limits: spec.limits ?? {},
        memory: undefined,
      });
      this.#look(spec.dataRoot);
      this.#restart(spec.dataRoot);
    }
    this.#attach(spec);
  }

  async stop(name: string, signal: AbortSignal): Promise<void> {
    this.#failures.meet("stop");
    if (signal.aborted) throw new DockersnapError("cancelled", `Stopping the engine of '${name}' was cancelled.`);
    this.#end(name);
  }

  async kill(name: string): Promise<void> {
    this.#failures.meet("kill");
    this.#end(name);
  }

  async detach(name: string): Promise<void> {
    this.#failures.meet("detach");
    const engine = this.#machine.engines.get(name);
    if (engine?.live !== true) return;
    this.#watched.delete(name);
    this.#machine.engines.set(name, { ...engine, detached: true });
  }

  async state(name: string): Promise<EngineState> {
    this.#failures.meet("state");
    const engine = this.#machine.engines.get(name);
    if (engine === undefined) return "stopped";
    return engine.live ? "running" : "dead";
  }

  async freeze(name: string): Promise<void> {
    this.#failures.meet("freeze");
    this.#machine.engines.set(name, { ...this.#living(name), frozen: true });
  }

  async thaw(name: string): Promise<void> {
    this.#failures.meet("thaw");
    const engine = this.#machine.engines.get(name);
    if (engine !== undefined) this.#machine.engines.set(name, { ...engine, frozen: false });
  }

  async suspend(name: string): Promise<void> {
    this.#failures.meet("suspend");
    this.#machine.engines.set(name, { ...this.#living(name), suspended: true });
  }

  async resume(name: string): Promise<void> {
    this.#failures.meet("resume");
    const engine = this.#machine.engines.get(name);
    if (engine !== undefined) this.#machine.engines.set(name, { ...engine, suspended: false });
  }

  async rename(from: string, spec: EngineSpec): Promise<void> {
    this.#failures.meet("rename");
    const { engines, containers } = this.#machine;
    const engine = engines.get(from) ?? engines.get(spec.name);
    if (engine?.live !== true) {
      throw new DockersnapError("wrong_state", `The engine of '${from}' cannot be renamed.`);
    }
    const kept = containers.get(engine.spec.dataRoot);
    containers.delete(engine.spec.dataRoot);
    if (kept !== undefined) containers.set(spec.dataRoot, kept);
    engines.delete(from);
    engines.set(spec.name, { ...engine, spec });
    this.#watched.delete(from);
    this.#attach(spec);
  }

  readonly processors = 4;

  refusedOptions(options: EngineOptions): readonly string[] {
    return Object.hasOwn(options, "data-root") ? ["The engine option 'data-root' cannot be set."] : [];
  }

  canLimit(): HostProbe {
    return this.unbounded === undefined ? { usable: true } : { usable: false, reason: this.unbounded };
  }

  async limit(name: string, limits: Limits): Promise<void> {
    this.#failures.meet("limit");
    const engine = this.#machine.engines.get(name);
    if (engine?.live !== true) return;
    if (this.unbounded !== undefined) throw new DockersnapError("unsupported", this.unbounded);
    const held = engine.memory ?? this.memoryOfEach;
    if (limits.memory !== undefined && held > limits.memory) {
      throw new DockersnapError("wrong_state", `'${name}' holds ${held} bytes of memory, more than that.`);
    }
    this.#machine.engines.set(name, { ...engine, limits });
  }

  async use(name: string): Promise<EngineUse | undefined> {
    const engine = this.#machine.engines.get(name);
    return engine?.live === true ? { memory: engine.memory ?? this.memoryOfEach, cpuSeconds: 0, pids: 1 } : undefined;
  }

  api(name: string): EngineApi {
    return {
      containers: async () => {
        this.#failures.meet("containers");
        return this.#containers(this.#running(name).spec.dataRoot);
      },
      bridgeNetworks: async () => {
        this.#running(name);
        return [{ name: "bridge", subnets: ["172.17.0.0/16"] }, ...(this.#networks.get(name) ?? [])];
      },
      tmpfs: async () => [],
      vitals: async (id) => {
        this.#failures.meet("vitals");
        const found = this.#containers(this.#running(name).spec.dataRoot).find((container) => container.id === id);
        if (found === undefined) return undefined;
        const usual = {
          restartPolicy: "always",
          restartRetries: 0,
          autoRemove: false,
          state: found.state,
          health: undefined,
          startedAt: "",
          restartCount: 0,
          error: "",
        };
        return { ...usual, ...this.#machine.vitals.get(id) };
      },
      startContainer: async (id) => {
        this.#failures.meet("startContainer");
        this.#setState(name, id, "running");
      },
      stopContainer: async (id, signal) => {
        this.#failures.meet("stopContainer");
        signal.throwIfAborted();
        this.#setState(name, id, "exited");
      },
      pauseContainer: async (id) => {
        this.#failures.meet("pauseContainer");
        this.#setState(name, id, "paused");
      },
      setRestartPolicy: async (id, policy, retries) => {
        this.#failures.meet("setRestartPolicy");
        const { dataRoot } = this.#running(name).spec;
        this.#machine.disk?.withheld.delete(`${dataRoot} ${id}`);
        this.setVitals(id, { ...this.#machine.vitals.get(id), restartPolicy: policy, restartRetries: retries });
      },
    };
  }

  async adopt(spec: EngineSpec): Promise<boolean> {
    this.#failures.meet("adopt");
    const engine = this.#machine.engines.get(spec.name);
    if (engine?.live !== true) return false;
    this.#requireRoom(spec);
    this.#machine.engines.set(spec.name, { ...engine, suspended: false });
    this.#attach(spec);
    return true;
  }

  observe(observer: EngineObserver): void {
    this.#observers.add(observer);
  }

  async list(): Promise<readonly string[]> {
    this.#failures.meet("list");
    return [...this.#machine.engines.keys()].sort();
  }

  async close(): Promise<void> {
    this.#observers.clear();
    this.#watched.clear();
  }

  #requireRoom({ name, dataRoot }: EngineSpec): void {
    const engine = this.#machine.engines.get(name);
    const isUp = engine?.live === true && !engine.detached;
    if (isUp || this.#machine.disk?.isFull(dataRoot) !== true) return;
    throw new DockersnapError("not_ready", `dockerd of '${name}' ended: chmod ${dataRoot}: disk quota exceeded.`);
  }

  #living(name: string): MemoryEngine {
    const engine = this.#machine.engines.get(name);
    if (engine?.live === true) return engine;
    throw new DockersnapError("wrong_state", `The engine of '${name}' does not run, so there is nothing to freeze.`);
  }

  #running(name: string): MemoryEngine {
    const engine = this.#machine.engines.get(name);
    if (engine?.live === true && !engine.detached && !engine.suspended) return engine;
    throw new DockersnapError("not_ready", `The engine of '${name}' does not answer on ${this.socketPath(name)}.`);
  }

  #end(name: string): void {
    this.#watched.delete(name);
    const engine = this.#machine.engines.get(name);
    if (engine?.live === true) this.#endContainers(engine.spec.dataRoot);
    this.#machine.engines.delete(name);
  }

  #attach(spec: EngineSpec): void {
    const engine = this.#machine.engines.get(spec.name);
    if (engine !== undefined) this.#machine.engines.set(spec.name, { ...engine, detached: false });
    if (engine?.detached) this.#look(spec.dataRoot);
    this.#specs.set(spec.name, spec);
    this.#watched.add(spec.name);
    this.#changed(spec.name);
  }

  #changed(name: string): void {
    if (!this.#watched.has(name)) return;
    for (const observer of this.#observers) observer.changed(name);
  }

  #containers(dataRoot: string): readonly ContainerSummary[] {
    return this.#machine.containers.get(dataRoot) ?? [];
  }

  #endContainers(dataRoot: string): void {
    for (const state of ["running", "paused", "restarting"]) this.#setStates(dataRoot, state, "exited");
  }

  /** What dockerd starts with itself. */
  #restart(dataRoot: string): void {
    const isToRun = ({ id, state }: ContainerSummary) =>
      state === "exited" &&
      (this.#machine.vitals.get(id)?.restartPolicy ?? "always") !== "no" &&
      this.#machine.disk?.withheld.has(`${dataRoot} ${id}`) !== true;
    this.#put(
      dataRoot,
      this.#containers(dataRoot).map((one) => (isToRun(one) ? { ...one, state: "running" } : one)),
    );
  }

  #setState(name: string, id: string, state: string): void {
    const { dataRoot } = this.#running(name).spec;
    const containers = this.#containers(dataRoot);
    if (!containers.some((container) => container.id === id)) {
      throw new DockersnapError("not_found", `'${name}' has no container '${id}'.`);
    }
    this.#put(
      dataRoot,
      containers.map((container) => (container.id === id ? { ...container, state } : container)),
    );
    this.#changed(name);
  }

  #setStates(dataRoot: string, from: string, to: string): void {
    this.#put(
      dataRoot,
      this.#containers(dataRoot).map((container) =>
        container.state === from ? { ...container, state: to } : container,
      ),
    );
  }

  #put(dataRoot: string, containers: readonly ContainerSummary[]): void {
    this.#machine.containers.set(dataRoot, containers);
    for (const { id, state } of containers) this.#machine.disk?.setState(dataRoot, id, state);
  }

  /** What dockerd finds when it starts. Those that ran before it ended alone run on; others were ended with their engine. */
  #look(dataRoot: string): void {
    const found = this.#machine.disk?.containers(dataRoot);
    if (found === undefined) return;
    const known = new Map(this.#containers(dataRoot).map((container) => [container.id, container]));
    this.#put(
      dataRoot,
      found.map((container) => known.get(container.id) ?? { ...container, state: "exited" }),
    );
  }
}
