import type { EngineOptions, Limits } from "@dockersnap/contract/words";
import type { HostProbe } from "../base/probe.ts";
import type { PortRange } from "../network/chosen-ports.ts";

/** Everything needed to bring up one instance's dockerd. */
export interface EngineSpec {
  readonly name: string;
  /** A UUID that no other engine has; from it follows the ID by which Docker tells engines apart. */
  readonly id: string;
  /** dockerd's data-root, already there. */
  readonly dataRoot: string;
  /** A network namespace, already there, by its path under /run/netns. */
  readonly netnsPath: string;
  /** A resolv.conf to be seen inside instead of the host's, or undefined for the host's own. */
  readonly resolvConf: string | undefined;
  /** The host's end of its link, which containers reach as `host-gateway`. */
  readonly hostAddress: string;
  /** The subnet of the instance, which networks of its containers keep clear of. */
  readonly subnet: string;
  /** The ports it chooses from when a container publishes a port without a number. */
  readonly chosenPorts: PortRange;
  /** What it is to do otherwise than the engines of this host do, as dockerd's configuration has it. */
  readonly options: EngineOptions;
  /** What it writes is bounded where its data is. */
  readonly limits: Limits | undefined;
}

/** What an engine and all that runs in it take now. */
export interface EngineUse {
  /** Bytes, without what the kernel keeps of files and can drop at once. */
  readonly memory: number;
  /** Seconds of processor time since it came up. */
  readonly cpuSeconds: number;
  /** Processes and threads. */
  readonly pids: number;
}

/** How far an engine is that is being started. */
export interface EngineProgress {
  /** Containers that come up with their engine: how many do so far, of how many. */
  readonly up: number;
  readonly of: number;
}

/** Called again and again while an engine is being started and gets on. */
export type ReportEngineProgress = (progress: EngineProgress) => void;

/** `running`: dockerd answers or is coming back by itself; `stopped`: nothing of it is there; `dead`: it should answer and does not. */
export type EngineState = "running" | "stopped" | "dead";

export interface PublishedPort {
  /** The address it is published on inside the namespace: `0.0.0.0`, `127.0.0.1`, … */
  readonly ip: string;
  /** Published in the namespace. */
  readonly publicPort: number;
  /** Inside the container. */
  readonly privatePort: number;
  readonly protocol: "tcp" | "udp";
}

export interface ContainerMount {
  readonly type: string;
  readonly source: string;
  readonly destination: string;
}

export interface ContainerSummary {
  readonly id: string;
  readonly name: string;
  readonly image: string;
  /** Docker's own words: created, running, paused, restarting, exited, dead. */
  readonly state: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly ports: readonly PublishedPort[];
  readonly mounts: readonly ContainerMount[];
}

/** How a container stands, beyond what the list of them tells. */
export interface ContainerVitals {
  /** Docker's own words: no, always, unless-stopped, on-failure. */
  readonly restartPolicy: string;
  /** How often `on-failure` starts it again; 0 for as often as it takes. */
  readonly restartRetries: number;
  /** Docker removes it as soon as it stops: it was started with --rm. */
  readonly autoRemove: boolean;
  /** Docker's own words: running, restarting, exited, …; always of the same moment as the rest. */
  readonly state: string;
  /** What its health check says; undefined without one. */
  readonly health: "starting" | "healthy" | "unhealthy" | undefined;
  /** Another one after each start. */
  readonly startedAt: string;
  /** How often Docker started it again by itself since somebody, or its engine, last did. */
  readonly restartCount: number;
  /** Why it could not be started, in Docker's words; empty where it could. */
  readonly error: string;
}

/** A network of containers for which the engine has a bridge in the instance's namespace. */
export interface BridgeNetwork {
  readonly name: string;
  /** In CIDR form, IPv4 and IPv6. */
  readonly subnets: readonly string[];
}

/** The part of a running dockerd's API the core needs. Rejects with `not_ready` when dockerd does not answer. */
export interface EngineApi {
  /** Resolves when it answers, however long that takes; rejects with the signal's reason when that aborts first. */
  ping(signal: AbortSignal): Promise<void>;
  containers(): Promise<readonly ContainerSummary[]>;
  bridgeNetworks(signal?: AbortSignal): Promise<readonly BridgeNetwork[]>;
  /** Where a container has file systems in memory that its mounts do not list; none for a container that is gone. */
  tmpfs(id: string): Promise<readonly string[]>;
  /** Undefined for a container that is gone. */
  vitals(id: string): Promise<ContainerVitals | undefined>;
  startContainer(id: string): Promise<void>;
  /** Resolves when it has ended: by its own stop signal, or killed after its own stop timeout. One that is down stays so. */
  stopContainer(id: string, signal: AbortSignal): Promise<void>;
  /** Freeze a running container, as `docker pause` does. One that is paused stays so. */
  pauseContainer(id: string): Promise<void>;
  /** Give a container another restart policy, in Docker's own words. A container that is down stays down. */
  setRestartPolicy(id: string, policy: string, retries: number): Promise<void>;
}

/**
 * Watched engines report here. `changed` follows any event after which published ports may differ, also once right
 * after the watch is up; `gone` follows the end of an engine nobody asked to end.
 */
export interface EngineObserver {
  changed(name: string): void;
  gone(name: string, reason: string): void;
}

/**
 * Isolated Docker engines, one per instance, each in a sandbox that holds its network, mount and pid namespaces and in
 * a cgroup of its own. They outlive the daemon. All methods are by instance name and safe to call twice.
 */
export interface EngineHost {
  /** Where the engine of this name listens, whether or not it is up. Pure. */
  socketPath(name: string): string;
  /** Whether a path that a container mounts leads to the instance's own files, or to its engine's own socket. Pure. */
  isOwn(name: string, path: string): boolean;
  /** The file with the host's pid of the engine's sandbox. Pure. */
  pidFile(name: string): string;

  /**
   * Bring the engine up and resolve when its API answers. One that is up already is left as it is; leftovers of one that
   * died are cleared away first. `not_ready` with dockerd's own last words when it does not come up. How long it may take
   * grows with what it has to bring up and with how little of the machine it gets, and goes on as long as it makes progress.
   */
  start(spec: EngineSpec, signal: AbortSignal, report?: ReportEngineProgress): Promise<void>;

  /** Shut down cleanly: containers get their own stop signals and timeouts, then dockerd ends and nothing is left. */
  stop(name: string, signal: AbortSignal): Promise<void>;

  /** End everything at once and resolve when no process, mount, cgroup or runtime file of it is left. */
  kill(name: string): Promise<void>;

  /**
   * End dockerd alone, at once: its containers go on, and nothing of Docker's own files changes until `start` or `adopt`
   * brings it back. The engine counts as running meanwhile; one that does not run stays as it is.
   */
  detach(name: string): Promise<void>;

  state(name: string): Promise<EngineState>;

  /** Hold the containers' processes still; dockerd itself goes on. */
  freeze(name: string): Promise<void>;
  /** Let them go on. Without a freeze it changes nothing; safe on an engine that is gone. */
  thaw(name: string): Promise<void>;

  /** Hold everything of it still, dockerd too: until it is resumed it uses no processor and answers nothing, and counts as running. */
  suspend(name: string): Promise<void>;
  /** Let it go on. Without a suspension it changes nothing; safe on an engine that is gone. */
  resume(name: string): Promise<void>;

  /**
   * The engine `from` becomes that of `spec`, with whatever runs in it, suspended or not; connections to its API stay. Its
   * control groups, and its unit where it has one, keep the name it was started under until it is started again.
   * `wrong_state` for one that is not there. When it was done before, it is done.
   */
  rename(from: string, spec: EngineSpec): Promise<void>;

  /** The processors of this host that its engines can use. */
  readonly processors: number;
  /** A sentence for each of these options that engines of this host cannot have; dockerd judges the others when it starts. */
  refusedOptions(options: EngineOptions): readonly string[];
  /** Whether this host can hold engines to these limits; `reason` is a sentence for the operator. */
  canLimit(limits: Limits): HostProbe;
  /**
   * Hold a running engine and all in it to these limits from now on, and to no others. `wrong_state` when it holds more
   * memory than it is to have, `unsupported` as `canLimit` says; then none or some have changed, and the old ones given
   * again are in force again. One that does not run gets its limits when it starts.
   */
  limit(name: string, limits: Limits): Promise<void>;
  /** Undefined while it does not run, and on a host that does not count what an engine takes. */
  use(name: string): Promise<EngineUse | undefined>;

  api(name: string): EngineApi;

  /**
   * Take up an engine that runs already, from an earlier daemon, and watch it; one that is suspended is resumed, a dockerd
   * that died inside a living sandbox is started again. Resolves false when nothing of it runs.
   */
  adopt(spec: EngineSpec): Promise<boolean>;

  observe(observer: EngineObserver): void;

  /** Names of engines of which anything at all is left on this host: process, cgroup, runtime file. */
  list(): Promise<readonly string[]>;

  /** Stop watching, leave every engine running. */
  close(): Promise<void>;
}
