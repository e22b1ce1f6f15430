import { DockersnapError, type HealthCheck } from "@dockersnap/contract/words";
import type { Clock } from "../base/clock.ts";
import type { ContainerVitals, EngineApi } from "../engine/engine.ts";
import type { InstanceRecord } from "../records/records.ts";
import { type DescribedContainer, describeContainers } from "../verify/containers.ts";
import { EngineAnswers } from "./engine-answers.ts";
import type { HealthAnswer } from "./plugins.ts";

interface Deps {
  readonly engines: { api(name: string): EngineApi };
  readonly workloads: { probe(record: InstanceRecord, signal: AbortSignal): Promise<HealthAnswer> };
  readonly clock: Clock;
  /** A container that Docker had to start again counts as failing until it has stayed up for so long. */
  readonly watchMs: number;
  /** An engine that was found not to answer does so again. */
  readonly answersAgain: (instance: string) => void;
}

/**
 * How an instance is: what its plugin says, and what its Docker engine knows without being asked by anybody: containers that
 * end and are started again, and, where no plugin checks anything, Docker's own health checks.
 */
export class InstanceProbe {
  readonly #deps: Deps;
  readonly #answers: EngineAnswers;
  /** How often Docker had started each container again at the last look, by instance. */
  readonly #restarts = new Map<string, ReadonlyMap<string, number>>();

  constructor(deps: Deps) {
    this.#deps = deps;
    this.#answers = new EngineAnswers(deps);
  }

  async ask(record: InstanceRecord, signal: AbortSignal): Promise<HealthAnswer> {
    const { engines, workloads } = this.#deps;
    const silent = await this.#answers.silent(record.name, signal);
    if (silent !== undefined) return withoutEngine(silent);
    const containers = await orError(describeContainers(engines.api(record.name)));
    signal.throwIfAborted();
    // Whatever a plugin says of it: nobody can use what is in there.
    if (containers instanceof DockersnapError) return withoutEngine(containers.message);
    const restarted = this.#restarted(record.name, containers);
    if (record.workload !== undefined) {
      const answer = await workloads.probe(record, signal);
      if (!answer.unchecked) return withFailures(answer, restarted);
    }
    return ofContainers(containers, restarted, record.workload !== undefined);
  }

  forget(instance: string): void {
    this.#restarts.delete(instance);
    this.#answers.forget(instance);
  }

  /** Wait for no engine any more. */
  stop(): void {
    this.#answers.stop();
  }

  /** A failed check for each container that was started again since the last look, or not long ago. */
  #restarted(instance: string, containers: readonly DescribedContainer[]): readonly HealthCheck[] {
    const before = this.#restarts.get(instance);
    this.#restarts.set(instance, new Map(containers.map(({ id, vitals }) => [id, vitals.restartCount])));
    return containers.flatMap(({ id, name, vitals }): HealthCheck[] => {
      const since = vitals.restartCount - (before?.get(id) ?? vitals.restartCount);
      const isFresh = vitals.restartCount > 0 && this.#upFor(vitals) < this.#deps.watchMs;
      if (since <= 0 && !isFresh) return [];
      const times = vitals.restartCount === 1 ? "once" : `${vitals.restartCount} times`;
      return [{ name: `container ${name}`, ok: false, message: `ended and was started again, ${times} so far` }];
    });
  }

  #upFor({ startedAt }: ContainerVitals): number {
    const started = Date.parse(startedAt);
    return Number.isNaN(started) ? Number.POSITIVE_INFINITY : this.#deps.clock.now().getTime() - started;
  }
}

function withoutEngine(message: string): HealthAnswer {
  return {
    healthy: false,
    status: "unhealthy",
    message: `engine: ${message}`,
    checks: [{ name: "engine", ok: false, message }],
  };
}

function withFailures(answer: HealthAnswer, failed: readonly HealthCheck[]): HealthAnswer {
  if (failed.length === 0) return answer;
  return {
    ...answer,
    healthy: false,
    status: "unhealthy",
    message: answer.healthy ? sentence(failed) : (answer.message ?? sentence(failed)),
    checks: [...(answer.checks ?? []), ...failed],
  };
}

/** What nobody asked Docker to check is not called healthy: nothing is known of it. */
function ofContainers(
  containers: readonly DescribedContainer[],
  restarted: readonly HealthCheck[],
  hasPlugin: boolean,
): HealthAnswer {
  const told = new Set(restarted.map(({ name }) => name));
  const others = containers.map(dockersCheck).filter((check) => check !== undefined && !told.has(check.name));
  const checks = [...restarted, ...(others as HealthCheck[])].sort((a, b) => (a.name < b.name ? -1 : 1));
  const failed = checks.filter(({ ok }) => !ok);
  if (failed.length > 0) {
    // Docker bounds how long a check may take to its first verdict, and says so when it was too long.
    const isStarting = failed.every(({ message }) => message === startingMessage);
    return {
      healthy: false,
      status: isStarting ? "starting" : "unhealthy",
      message: sentence(failed),
      checks,
      ...(isStarting ? { uncounted: true } : {}),
    };
  }
  if (checks.length > 0) return { healthy: true, status: "healthy", checks };
  const message = hasPlugin
    ? "This plugin has no health check, and no container has one."
    : "No container has a health check.";
  return { healthy: true, unchecked: true, message };
}

const startingMessage = "its health check has no verdict yet";

function dockersCheck({ name: container, vitals }: DescribedContainer): HealthCheck | undefined {
  const name = `container ${container}`;
  const { state, health, restartPolicy, error } = vitals;
  if (state === "restarting") return { name, ok: false, message: "ends soon after each start" };
  if (error !== "" && restartPolicy !== "no" && state !== "running") {
    return { name, ok: false, message: `could not be started: ${error}` };
  }
  if (state !== "running" || health === undefined) return undefined;
  if (health === "healthy") return { name, ok: true };
  return { name, ok: false, message: health === "starting" ? startingMessage : "its health check fails" };
}

/** A sentence names so many. */
const mostNamed = 3;

function sentence(failed: readonly HealthCheck[]): string {
  const named = failed.slice(0, mostNamed).map(({ name, message }) => `${name}: ${message}`);
  const more = failed.length - named.length;
  return [...named, ...(more > 0 ? [`and ${more} more`] : [])].join("; ");
}

async function orError<T>(asked: Promise<T>): Promise<T | DockersnapError> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof DockersnapError) return error;
    throw error;
  }
}
