import { availableParallelism } from "node:os";
import {
  DockersnapError,
  type EngineOptions,
  instanceNamePattern,
  type Limits,
  nameRules,
} from "@dockersnap/contract/words";
import type { EngineHost, EngineObserver, EngineSpec, Log, ReportEngineProgress } from "@dockersnap/core";
import { isAlive } from "../process/identity.ts";
import { run } from "../process/run.ts";
import { createEngineApi } from "./api/engine-api.ts";
import { canLimit, listGroups, readHierarchies } from "./cgroups/index.ts";
import { dockerdEnvironment, type ProxySettings } from "./configuration.ts";
import { endDockerd, reviveDockerd } from "./dockerd.ts";
import { type Engine, type EngineEnvironment, findEngine, livingInit, possibleGroups } from "./engine.ts";
import { refusedOptions } from "./engine-options.ts";
import { FilesUpkeep, reconnect } from "./files-upkeep.ts";
import { killEngine } from "./kill.ts";
import { engineUse, limitEngine } from "./limit.ts";
import { createScoreCheck } from "./oom-scores.ts";
import { renameEngine } from "./rename.ts";
import { anyFileLeft, foldersIn, runtimeFiles } from "./runtime-files.ts";
import { fixedInside } from "./sandbox.ts";
import { startEngine } from "./start.ts";
import { stopEngine } from "./stop.ts";
import { createSupervisions, systemdRuns } from "./supervision/index.ts";
import { Watch } from "./watch.ts";

export interface EngineHostOptions {
  /** Where sockets, pid files and runtime folders go. Default: `/run/dockersnap`. */
  readonly runDir?: string;
  /** dockerd, by path or to be found in PATH. Default: `dockerd`. */
  readonly dockerBinary?: string;
  /** Who is parent to new engines; `auto` takes systemd where that is the machine's init. Default: `auto`. */
  readonly supervision?: "auto" | "direct" | "systemd";
  /** Size of one log file of one container, in dockerd's words. Default: `10m`. */
  readonly logMaxSize?: string;
  /** Log files kept of one container. Default: 3. */
  readonly logMaxFile?: number;
  /** Options of dockerd for all engines. */
  readonly engineOptions?: EngineOptions;
  /** What an engine without containers may take to come up on an idle machine. Default: 60,000. */
  readonly startTimeoutMs?: number;
  /** The proxy dockerd pulls images through. */
  readonly proxy?: ProxySettings | undefined;
  /** What control groups and units are called in front of the instance's name. Default: `dockersnap-`. */
  readonly cgroupPrefix?: string;
  /** Whether an instance of this name is another daemon's of this host. Default: none is. */
  readonly isAnothers?: (name: string) => boolean;
  readonly log: Log;
}

/** Frozen processes come to a halt within a timer tick; one inside the kernel finishes there first. */
const freezeDeadlineMs = 5_000;

/** Engines as dockerd processes in sandboxes on this host. Reads what the machine offers; touches nothing yet. */
export function createEngineHost(options: EngineHostOptions): EngineHost {
  const supervisions = createSupervisions(options.cgroupPrefix ?? "dockersnap-");
  const wanted = options.supervision ?? "auto";
  const environment: EngineEnvironment = {
    runDir: options.runDir ?? "/run/dockersnap",
    dockerBinary: options.dockerBinary ?? "dockerd",
    dockerVersion: askedOnce(() => majorVersion(options.dockerBinary ?? "dockerd")),
    checkScore: createScoreCheck(options.log),
    environment: dockerdEnvironment(options.proxy),
    settings: {
      logMaxSize: options.logMaxSize ?? "10m",
      logMaxFile: options.logMaxFile ?? 3,
      options: options.engineOptions ?? {},
    },
    startTimeoutMs: options.startTimeoutMs ?? 60_000,
    isAnothers: options.isAnothers ?? (() => false),
    hierarchies: readHierarchies(),
    supervisions,
    supervision: supervisions[wanted === "auto" ? (systemdRuns() ? "systemd" : "direct") : wanted],
    log: options.log,
  };
  return new DockerdEngines(environment);
}

function askedOnce<T>(ask: () => Promise<T>): () => Promise<T> {
  let answer: Promise<T> | undefined;
  return () => {
    answer ??= ask();
    return answer;
  };
}

async function majorVersion(binary: string): Promise<number> {
  try {
    const { stdout } = await run(binary, ["--version"]);
    return Number(/\bversion v?(\d+)\./.exec(stdout)?.[1] ?? Number.POSITIVE_INFINITY);
  } catch {
    // A program that cannot be started is reported with more words when the engine starts.
    return Number.POSITIVE_INFINITY;
  }
}

class DockerdEngines implements EngineHost {
  readonly #environment: EngineEnvironment;
  readonly #watches = new Map<string, Watch>();
  readonly #observers = new Set<EngineObserver>();
  readonly #upkeep: FilesUpkeep;

  constructor(environment: EngineEnvironment) {
    this.#environment = environment;
    this.#upkeep = new FilesUpkeep(environment.runDir, environment.log);
  }

  socketPath(name: string): string {
    return this.#files(name).socket;
  }

  isOwn(name: string, path: string): boolean {
    const { dataRoot } = fixedInside;
    return path === this.socketPath(name) || path === dataRoot || path.startsWith(`${dataRoot}/`);
  }

  pidFile(name: string): string {
    return this.#files(name).pidFile;
  }

  async start(spec: EngineSpec, signal: AbortSignal, report?: ReportEngineProgress): Promise<void> {
    checkName(spec.name);
    await this.#unwatch(spec.name);
    await startEngine(this.#environment, spec, signal, report);
    this.#watch(spec.name);
  }

  async stop(name: string, signal: AbortSignal): Promise<void> {
    checkName(name);
    await this.#unwatch(name);
    await stopEngine(this.#environment, name, signal);
  }

  async kill(name: string): Promise<void> {
    checkName(name);
    await this.#unwatch(name);
    await killEngine(this.#environment, name);
  }

  async detach(name: string): Promise<void> {
    checkName(name);
    await this.#unwatch(name);
    const engine = findEngine(this.#environment, name);
    if (livingInit(engine) !== undefined) await endDockerd(engine);
  }

  async state(name: string) {
    checkName(name);
    const watch = this.#watches.get(name);
    if (watch?.sandboxLives) return watch.holds ? "running" : "dead";
    const engine = findEngine(this.#environment, name);
    if (livingInit(engine) === undefined) {
      const left = anyFileLeft(engine.files) || possibleGroups(this.#environment, name).some((group) => group.exists());
      return left ? "dead" : "stopped";
    }
    return watch?.holds === false ? "dead" : "running";
  }

  async freeze(name: string): Promise<void> {
    checkName(name);
    const engine = this.#living(name);
    try {
      await engine.group.freeze(AbortSignal.timeout(freezeDeadlineMs));
    } catch (error) {
      await engine.group.thaw();
      throw stuck(`The containers of '${name}'`, error);
    }
  }

  async thaw(name: string): Promise<void> {
    checkName(name);
    await findEngine(this.#environment, name).group.thaw();
  }

  async suspend(name: string): Promise<void> {
    checkName(name);
    const engine = this.#living(name);
    try {
      await engine.group.suspend(AbortSignal.timeout(freezeDeadlineMs));
    } catch (error) {
      await engine.group.resume();
      throw stuck(`The engine of '${name}'`, error);
    }
  }

  async resume(name: string): Promise<void> {
    checkName(name);
    await findEngine(this.#environment, name).group.resume();
  }

  async rename(from: string, { name }: EngineSpec): Promise<void> {
    checkName(from);
    checkName(name);
    this.#upkeep.release(from);
    try {
      await renameEngine(this.#environment, from, name);
    } catch (error) {
      this.#keepFiles(from);
      throw error;
    }
    await Promise.all([this.#unwatch(from), this.#unwatch(name)]);
    this.#watch(name);
  }

  readonly processors = availableParallelism();

  refusedOptions(options: EngineOptions): readonly string[] {
    return refusedOptions(options);
  }

  canLimit(limits: Limits) {
    return canLimit(this.#environment.hierarchies, limits);
  }

  async limit(name: string, limits: Limits): Promise<void> {
    checkName(name);
    await limitEngine(this.#environment, name, limits);
  }

  async use(name: string) {
    checkName(name);
    return engineUse(this.#environment, name);
  }

  api(name: string) {
    return createEngineApi(name, this.socketPath(name));
  }

  async adopt(spec: EngineSpec): Promise<boolean> {
    const { name } = spec;
    checkName(name);
    if (this.#watches.get(name)?.holds) return true;
    await this.#unwatch(name);
    const engine = findEngine(this.#environment, name);
    const init = livingInit(engine);
    if (init === undefined) return false;
    // One that the last daemon held still could not answer.
    await engine.group.resume();
    await reconnect(engine.files);
    await reviveDockerd(this.#environment, engine, init, new AbortController().signal);
    this.#watch(name);
    return true;
  }

  observe(observer: EngineObserver): void {
    this.#observers.add(observer);
  }

  async list(): Promise<readonly string[]> {
    const { runDir, hierarchies, supervisions, isAnothers } = this.#environment;
    const grouped = await Promise.all(
      Object.values(supervisions).map(async (supervision) => {
        const groups = await listGroups(hierarchies, supervision.cgroupParent);
        return [...groups].map((group) => supervision.instanceOf(group));
      }),
    );
    // Names of groups are the machine's: one that lives without a folder of ours belongs to another daemon's engine. Such an
    // engine has nobody in its group for a moment while its daemon starts it again.
    const abandoned = grouped
      .flat()
      .filter((name) => name !== undefined)
      .filter((name) => {
        const groups = possibleGroups(this.#environment, name).filter((group) => group.exists());
        return groups.length > 0 && groups.every((group) => group.enginePids().length === 0) && !isAnothers(name);
      });
    return [...new Set([...foldersIn(runDir), ...abandoned])].sort();
  }

  async close(): Promise<void> {
    this.#observers.clear();
    this.#upkeep.close();
    await Promise.all([...this.#watches.keys()].map((name) => this.#unwatch(name)));
  }

  #living(name: string): Engine {
    const engine = findEngine(this.#environment, name);
    if (livingInit(engine) !== undefined) return engine;
    throw new DockersnapError("wrong_state", `The engine of '${name}' does not run, so there is nothing to freeze.`);
  }

  #files(name: string) {
    checkName(name);
    return runtimeFiles(this.#environment.runDir, name);
  }

  #watch(name: string): void {
    const environment = this.#environment;
    const engine = findEngine(environment, name);
    const init = livingInit(engine);
    const watch = new Watch({
      name,
      socket: engine.files.socket,
      log: environment.log,
      // Asked for at every look at an instance, so without reading the record again: a sandbox has one init all its life.
      sandboxLives: () => init !== undefined && isAlive(init),
      untilSandboxEnded: (signal) => engine.group.untilEmpty(signal),
      revive: async (signal) => {
        if (init !== undefined) await reviveDockerd(environment, engine, init, signal);
      },
      changed: () => this.#tell((observer) => observer.changed(name)),
      gone: (reason) => this.#tell((observer) => observer.gone(name, reason)),
    });
    this.#watches.set(name, watch);
    this.#keepFiles(name);
  }

  #keepFiles(name: string): void {
    const { files } = findEngine(this.#environment, name);
    this.#upkeep.keep({
      name,
      files,
      lives: () => this.#watches.get(name)?.sandboxLives ?? false,
      restored: () => this.#tell((observer) => observer.changed(name)),
    });
  }

  async #unwatch(name: string): Promise<void> {
    this.#upkeep.release(name);
    const watch = this.#watches.get(name);
    this.#watches.delete(name);
    await watch?.close();
  }

  #tell(report: (observer: EngineObserver) => void): void {
    for (const observer of this.#observers) {
      try {
        report(observer);
      } catch (error) {
        this.#environment.log.error("an observer of the engines failed", { error });
      }
    }
  }
}

function stuck(what: string, cause: unknown): DockersnapError {
  return new DockersnapError(
    "not_ready",
    `${what} did not hold still within ${freezeDeadlineMs / 1000} seconds and go on; a process is stuck in the kernel. Try again.`,
    { cause },
  );
}

/** Names become paths and control groups here, so even one that a caller has checked is checked once more. */
function checkName(name: string): void {
  if (instanceNamePattern.test(name)) return;
  throw new DockersnapError("invalid_request", `'${name}' is no name of an instance: expected ${nameRules.instance}.`);
}
