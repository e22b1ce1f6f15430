import { DockersnapError, type HealthCheck } from "@dockersnap/contract/words";
import type { Clock } from "../base/clock.ts";
import type { EngineApi } from "../engine/engine.ts";
import type { StepTools } from "../operation/kind.ts";
import type { Platform } from "../platform.ts";
import type { InstanceRecord } from "../records/records.ts";
import type { Workloads } from "../workload/workloads.ts";
import { checksOf, type DescribedContainer, describeContainers, isToComeUp } from "./containers.ts";

interface Deps {
  readonly platform: Pick<Platform, "engines" | "clock">;
  readonly workloads: Pick<Workloads, "probe">;
}

/** How an instance was when it was last asked. */
export interface Wellness {
  readonly checks: readonly HealthCheck[];
  /** What it lacks; undefined once it is well. */
  readonly lacks: string | undefined;
  /** When it became well and stayed so, on the monotonic clock. */
  readonly wellAt?: number;
}

export interface Watching {
  /** To become well. */
  readonly timeoutMs: number;
  /** To stay well after that, with no container started again: longer than a service that fails again and again runs. */
  readonly watchMs: number;
}

/** Between two looks: nothing tells of something that becomes well before somebody asks it. */
const pauseMs = 200;

/** Between two looks at one that is well: each may start a process of a plugin. */
const watchPauseMs = 1_000;

/** Further checks are left out of what is kept. */
const mostChecks = 100;

/** A sentence names so many of them. */
const mostNamed = 5;

/**
 * Ask a running instance how it is until it is well and has stayed so, or the time is over: its plugin, or where it has no
 * workload its containers. A container that ends and is started again meanwhile makes it unwell, whatever its plugin says.
 */
export async function untilWell(
  deps: Deps,
  record: InstanceRecord,
  { timeoutMs, watchMs }: Watching,
  tools: Pick<StepTools, "signal" | "report">,
): Promise<Wellness> {
  const { clock } = deps.platform;
  const look = record.workload === undefined ? containersLook(deps, record) : workloadLook(deps, record);
  const until = clock.monotonic() + timeoutMs;
  const watch = new StayWatch(deps, record.name);
  let last: Wellness | undefined;
  for (;;) {
    // A watch that began in time goes on to its end.
    const endsAt = Math.max(until, watch.since === undefined ? 0 : watch.since + watchMs);
    const over = AbortSignal.timeout(Math.max(1, Math.ceil(endsAt - clock.monotonic())));
    const said = await look(AbortSignal.any([tools.signal, over]));
    tools.signal.throwIfAborted();
    // What was said last says more than that the last question was cut short.
    if (over.aborted && said.lacks !== undefined) return last ?? said;
    const wellness = said.lacks === undefined ? await watch.see(said) : watch.reset(said);
    const now = clock.monotonic();
    if (wellness.lacks === undefined && watch.hasLasted(watchMs, now))
      return { ...wellness, wellAt: watch.since ?? now };
    if (wellness.lacks !== undefined && now >= until) return wellness;
    if (wellness.lacks !== last?.lacks)
      tools.report({ step: "health", status: "running", message: telling(wellness, watchMs) });
    last = wellness;
    await pause(clock, wellness.lacks === undefined ? Math.min(watchPauseMs, Math.max(1, watchMs)) : pauseMs);
  }
}

function telling({ lacks }: Wellness, watchMs: number): string {
  return lacks === undefined ? `healthy; watching it for ${watchMs / 1000} s` : `not well yet: ${lacks}`;
}

/** Whether an instance stays as it is: how long it has been well, and that Docker starts nothing of it again. */
class StayWatch {
  readonly #deps: Deps;
  readonly #name: string;
  /** Another text for a container, by its id, whenever that was started again. */
  #before: ReadonlyMap<string, string> | undefined;
  #hasContainers = false;
  since: number | undefined;

  constructor(deps: Deps, name: string) {
    this.#deps = deps;
    this.#name = name;
  }

  /** One that is well, unless a container was started again since the watch began: then the watch begins anew. */
  async see(wellness: Wellness): Promise<Wellness> {
    const { engines, clock } = this.#deps.platform;
    const containers = await this.#running(engines.api(this.#name));
    const starts = new Map(containers.map(({ id, vitals }) => [id, `${vitals.restartCount} ${vitals.startedAt}`]));
    const again = containers.find(({ id }) => starts.get(id) !== (this.#before?.get(id) ?? starts.get(id)));
    this.#hasContainers = containers.length > 0;
    this.#before = starts;
    this.since ??= clock.monotonic();
    if (again === undefined) return wellness;
    const message = "ended while it was watched, and was started again";
    this.since = undefined;
    return {
      checks: [
        ...wellness.checks.filter(({ name }) => name !== `container ${again.name}`),
        failed(again.name, message),
      ],
      lacks: `container ${again.name}: ${message}`,
    };
  }

  reset(wellness: Wellness): Wellness {
    this.since = undefined;
    return wellness;
  }

  /** Where nothing runs there is nothing that could end. */
  hasLasted(watchMs: number, now: number): boolean {
    return !this.#hasContainers || (this.since !== undefined && now - this.since >= watchMs);
  }

  async #running(api: EngineApi): Promise<readonly DescribedContainer[]> {
    try {
      return (await describeContainers(api)).filter(
        ({ vitals }) => vitals.restartPolicy !== "no" && isToComeUp(vitals),
      );
    } catch (error) {
      // A workload may be well while its engine cannot say more; without one it was the engine that was asked.
      if (error instanceof DockersnapError) return [];
      throw error;
    }
  }
}

const failed = (container: string, message: string): HealthCheck => ({
  name: `container ${container}`,
  ok: false,
  message,
});

type Look = (signal: AbortSignal) => Promise<Wellness>;

/** A probe that cannot run is an unhealthy workload with a check that says why. */
function workloadLook({ workloads }: Deps, record: InstanceRecord): Look {
  return async (signal) => {
    try {
      const { healthy, checks, status, message } = await workloads.probe(record, signal);
      const known = (checks ?? []).slice(0, mostChecks);
      if (healthy) return { checks: known, lacks: undefined };
      return { checks: known, lacks: failuresOf(known) ?? message ?? status ?? "it says no more" };
    } catch (error) {
      if (!(error instanceof DockersnapError || signal.aborted)) throw error;
      const message = error instanceof DockersnapError ? error.message : "it did not answer in time";
      return { checks: [{ name: "plugin", ok: false, message }], lacks: message };
    }
  };
}

/** An engine that is up and cannot tell what it holds is what a damaged dataset looks like. */
function containersLook({ platform: { engines } }: Deps, { name }: InstanceRecord): Look {
  return async () => {
    try {
      const checks = checksOf(await describeContainers(engines.api(name)));
      return { checks: checks.slice(0, mostChecks), lacks: failuresOf(checks) };
    } catch (error) {
      if (!(error instanceof DockersnapError)) throw error;
      const checks = [{ name: "engine", ok: false, message: error.message }];
      return { checks, lacks: failuresOf(checks) };
    }
  };
}

function failuresOf(checks: readonly HealthCheck[]): string | undefined {
  const failed = checks.filter(({ ok }) => !ok).map(({ name, message }) => `${name}: ${message ?? "not ok"}`);
  if (failed.length === 0) return undefined;
  const more = failed.length - mostNamed;
  return [...failed.slice(0, mostNamed), ...(more > 0 ? [`and ${more} more`] : [])].join("; ");
}

function pause(clock: Clock, ms: number): Promise<void> {
  return new Promise((resolve) => {
    clock.after(ms, resolve);
  });
}
