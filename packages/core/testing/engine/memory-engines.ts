import { DockersnapError, type EngineOptions, type Limits } from "@dockersnap/contract/words";
import type { HostProbe } from "../../src/base/probe.ts";
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
import { Failures } from "../failures.ts";
import { type EngineApiMethod, memoryEngineApi } from "./memory-engine-api.ts";
import { MemoryMachine } from "./memory-machine.ts";

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
  | EngineApiMethod;

/**
 * Engines that are only remembered. Two of them over one machine are an earlier daemon and the next one. Containers
 * keep to their data-root; those that ran when an engine ended are `exited` after it. With the next start all run whose
 * restart policy is not `no`, which is `always` unless `setVitals` says otherwise. Tests put containers in with
 * `setContainers`, see what is frozen, end an engine with `crash`, and make the next call of a method fail with `failNext`.
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
  /** Engines that are held still, and that somebody waits for. */
  readonly #held = new Map<string, PromiseWithResolvers<void>>();
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
    this.#running(name);
    this.#machine.change(name, { memory });
  }

  isFrozen(name: string): boolean {
    return this.#machine.engines.get(name)?.frozen ?? false;
  }

  /** Replace the containers of a running engine, and report it as dockerd would. */
  setContainers(name: string, containers: readonly ContainerSummary[]): void {
    this.#machine.containers.replace(this.#running(name).dataRoot, containers);
    this.#changed(name);
  }

  /** Replace the networks that were made in a running engine, and report it as dockerd would. */
  setNetworks(name: string, networks: readonly BridgeNetwork[]): void {
    this.#networks.set(name, networks);
    this.#changed(name);
  }

  /** What is told of a container beyond the list; it has a restart policy and no health check unless this says otherwise. */
  setVitals(id: string, vitals: Partial<ContainerVitals>): void {
    this.#machine.containers.setVitals(id, vitals);
  }

  /** End an engine as the kernel does when memory runs out. */
  crash(name: string): void {
    this.#running(name);
    this.#machine.crash(name);
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
    if (this.#machine.live(spec.name) === undefined) this.#machine.start(spec);
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
    if (this.#machine.live(name) === undefined) return;
    this.#watched.delete(name);
    this.#machine.change(name, { detached: true });
  }

  async state(name: string): Promise<EngineState> {
    this.#failures.meet("state");
    const engine = this.#machine.engines.get(name);
    if (engine === undefined) return "stopped";
    return engine.live ? "running" : "dead";
  }

  async freeze(name: string): Promise<void> {
    this.#failures.meet("freeze");
    this.#requireLive(name);
    this.#machine.change(name, { frozen: true });
  }

  async thaw(name: string): Promise<void> {
    this.#failures.meet("thaw");
    this.#machine.change(name, { frozen: false });
  }

  async suspend(name: string): Promise<void> {
    this.#failures.meet("suspend");
    this.#requireLive(name);
    this.#machine.change(name, { suspended: true });
  }

  async resume(name: string): Promise<void> {
    this.#failures.meet("resume");
    this.#machine.change(name, { suspended: false });
    this.#wake(name);
  }

  async rename(from: string, spec: EngineSpec): Promise<void> {
    this.#failures.meet("rename");
    if (!this.#machine.rename(from, spec)) {
      throw new DockersnapError("wrong_state", `The engine of '${from}' cannot be renamed.`);
    }
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
    const engine = this.#machine.live(name);
    if (engine === undefined) return;
    if (this.unbounded !== undefined) throw new DockersnapError("unsupported", this.unbounded);
    const held = engine.memory ?? this.memoryOfEach;
    if (limits.memory !== undefined && held > limits.memory) {
      throw new DockersnapError("wrong_state", `'${name}' holds ${held} bytes of memory, more than that.`);
    }
    this.#machine.change(name, { limits });
  }

  async use(name: string): Promise<EngineUse | undefined> {
    const engine = this.#machine.live(name);
    return engine && { memory: engine.memory ?? this.memoryOfEach, cpuSeconds: 0, pids: 1 };
  }

  api(name: string): EngineApi {
    return memoryEngineApi({
      name,
      containers: this.#machine.containers,
      resumed: () => this.#resumed(name),
      begin: (method) => this.#failures.meet(method),
      dataRoot: () => this.#running(name).dataRoot,
      networks: () => this.#networks.get(name) ?? [],
      changed: () => this.#changed(name),
    });
  }

  async adopt(spec: EngineSpec): Promise<boolean> {
    this.#failures.meet("adopt");
    if (this.#machine.live(spec.name) === undefined) return false;
    this.#requireRoom(spec);
    this.#machine.change(spec.name, { suspended: false });
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
    const engine = this.#machine.live(name);
    const isUp = engine !== undefined && !engine.detached;
    if (isUp || this.#machine.disk?.isFull(dataRoot) !== true) return;
    throw new DockersnapError("not_ready", `dockerd of '${name}' ended: chmod ${dataRoot}: disk quota exceeded.`);
  }

  #requireLive(name: string): void {
    if (this.#machine.live(name) !== undefined) return;
    throw new DockersnapError("wrong_state", `The engine of '${name}' does not run, so there is nothing to freeze.`);
  }

  #running(name: string): EngineSpec {
    const engine = this.#machine.live(name);
    if (engine !== undefined && !engine.detached && !engine.suspended) return engine.spec;
    throw new DockersnapError("not_ready", `The engine of '${name}' does not answer on ${this.socketPath(name)}.`);
  }

  #end(name: string): void {
    this.#watched.delete(name);
    this.#machine.end(name);
    this.#wake(name);
  }

  async #resumed(name: string): Promise<void> {
    if (!this.isSuspended(name)) return;
    const held = this.#held.get(name) ?? Promise.withResolvers<void>();
    this.#held.set(name, held);
    await held.promise;
  }

  #wake(name: string): void {
    this.#held.get(name)?.resolve();
    this.#held.delete(name);
  }

  #attach(spec: EngineSpec): void {
    const wasDetached = this.#machine.engines.get(spec.name)?.detached;
    this.#machine.change(spec.name, { detached: false });
    if (wasDetached) this.#machine.containers.look(spec.dataRoot);
    this.#specs.set(spec.name, spec);
    this.#watched.add(spec.name);
    this.#changed(spec.name);
  }

  #changed(name: string): void {
    if (!this.#watched.has(name)) return;
    for (const observer of this.#observers) observer.changed(name);
  }
}
