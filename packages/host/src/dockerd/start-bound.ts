import { availableParallelism, loadavg } from "node:os";
import { join } from "node:path";
import { DockersnapError } from "@dockersnap/contract/words";
import type { EngineProgress } from "@dockersnap/core";
import type { ProcessIdentity } from "../process/identity.ts";
import type { EngineActivity } from "./cgroups/index.ts";
import type { Engine } from "./engine.ts";
import { fixedInside } from "./sandbox.ts";
import { type StartWork, startWorkOf } from "./start-work.ts";

/** What one container and one published port add, on an idle machine with a slow disk. */
const perContainerMs = 5_000;
const perPortMs = 1_000;

/** Between two looks at what the engine does. */
const lookMs = 1_000;

/** The share of one processor from which on a dockerd counts as at work; one that is stuck takes far less. */
const leastWork = 0.01;

export interface BoundOptions {
  /** What an engine without containers gets on an idle machine, and any engine from one sign of progress to the next. */
  readonly timeoutMs: number;
  /** Told at each look how far the engine is. */
  readonly report?: ((progress: EngineProgress) => void) | undefined;
}

/** What the bound is derived from. */
export interface Circumstances {
  readonly timeoutMs: number;
  readonly work: StartWork;
  /** The engine's CPU limit. */
  readonly cpus: number | undefined;
  /** Processes that want to run, for each processor of the machine. */
  readonly load: number;
}

/** How long an engine may take in all while it works and no container comes up. */
export function longestStart(circumstances: Circumstances): number {
  const { timeoutMs, work } = circumstances;
  return (timeoutMs + work.containers * perContainerMs + work.ports * perPortMs) * slowness(circumstances);
}

/** How many times as long everything takes as on an idle machine without a limit. */
function slowness({ cpus, load }: Pick<Circumstances, "cpus" | "load">): number {
  return Math.max(1, 1 / (cpus ?? 1)) * Math.max(1, load);
}

/**
 * The bound on the start of a dockerd. It aborts when the engine made no progress for as long as an empty engine may take,
 * or when it took longer than all it has to do can take. Each container that comes up renews both: an engine that gets on
 * is never given up.
 */
export class StartBound implements Disposable {
  readonly #engine: Pick<Engine, "name" | "group">;
  readonly #options: BoundOptions;
  readonly #over = new AbortController();
  readonly #began = performance.now();
  readonly #dataRoot: string;
  #work: StartWork = { containers: 0, ports: 0 };
  #last: EngineActivity = { containers: 0, cpuSeconds: 0, cpus: undefined };
  #progressAt = this.#began;
  #containerAt = this.#began;
  #lookedAt = this.#began;
  #timer: NodeJS.Timeout;

  constructor(engine: Pick<Engine, "name" | "group">, init: ProcessIdentity, options: BoundOptions) {
    this.#engine = engine;
    this.#options = options;
    this.#dataRoot = join(`/proc/${init.pid}/root`, fixedInside.dataRoot);
    this.#timer = this.#later(() => this.#begin());
  }

  /** Its reason is a `not_ready` that says how far the engine came. */
  get signal(): AbortSignal {
    return this.#over.signal;
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    this.#over.abort();
  }

  /** Most engines answer before the first look, so that none of this is done for them. */
  async #begin(): Promise<void> {
    this.#work = await startWorkOf(this.#dataRoot);
    await this.#look();
  }

  #later(act: () => Promise<void>): NodeJS.Timeout {
    return setTimeout(() => void act(), Math.min(lookMs, this.#options.timeoutMs));
  }

  async #look(): Promise<void> {
    if (this.#over.signal.aborted) return;
    this.#note(await this.#activity(), performance.now());
    if (this.#over.signal.aborted) return;
    const now = performance.now();
    const { containers } = this.#work;
    this.#options.report?.({ up: Math.min(this.#last.containers, containers), of: containers });
    const reason = this.#givenUp(now);
    if (reason !== undefined) this.#over.abort(this.#failure(reason));
    else this.#timer = this.#later(() => this.#look());
  }

  async #activity(): Promise<EngineActivity | undefined> {
    try {
      return await this.#engine.group.activity();
    } catch {
      return undefined;
    }
  }

  /** That nothing can be seen is no sign that the engine is stuck. */
  #note(activity: EngineActivity | undefined, now: number): void {
    if (activity === undefined) {
      this.#progressAt = now;
      return;
    }
    const share = (activity.cpuSeconds - this.#last.cpuSeconds) / ((now - this.#lookedAt) / 1000);
    const works = share >= leastWork * Math.min(1, activity.cpus ?? 1);
    const isFurther = activity.containers > this.#last.containers;
    this.#lookedAt = now;
    if (isFurther) this.#containerAt = now;
    if (works || isFurther) this.#progressAt = now;
    this.#last = { ...activity, containers: Math.max(activity.containers, this.#last.containers) };
  }

  #givenUp(now: number): string | undefined {
    const { timeoutMs } = this.#options;
    const load = (loadavg()[0] ?? 0) / availableParallelism();
    const circumstances = { timeoutMs, work: this.#work, cpus: this.#last.cpus, load };
    const isStuck = now - this.#progressAt > timeoutMs;
    const longest = longestStart(circumstances);
    const isTooLong = now - this.#began > longest && now - this.#containerAt > timeoutMs * slowness(circumstances);
    if (isStuck) return `it has made no progress for ${seconds(timeoutMs)}`;
    return isTooLong ? `it has not come up within ${seconds(now - this.#began)}` : undefined;
  }

  #failure(reason: string): DockersnapError {
    const { containers } = this.#work;
    const how =
      containers === 0 ? "" : `, ${Math.min(this.#last.containers, containers)} of ${containers} containers up`;
    return new DockersnapError(
      "not_ready",
      `The engine of '${this.#engine.name}' did not start: ${reason}${how}. docker.start_timeout sets how long it may take.`,
    );
  }
}

function seconds(ms: number): string {
  return `${Math.round(ms / 100) / 10} seconds`;
}
