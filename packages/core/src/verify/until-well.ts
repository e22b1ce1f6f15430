import { DockersnapError, type HealthCheck } from "@dockersnap/contract/words";
import type { StepTools } from "../operation/kind.ts";
import type { Clock } from "../platform/clock.ts";
import type { Platform } from "../platform/platform.ts";
import type { InstanceRecord } from "../platform/records.ts";
import type { Workloads } from "../workload/workloads.ts";
import { standingOf } from "./containers.ts";

interface Deps {
  readonly platform: Pick<Platform, "engines" | "clock">;
  readonly workloads: Pick<Workloads, "probe">;
}

/** How an instance was when it was last asked. */
export interface Wellness {
  readonly checks: readonly HealthCheck[];
  /** What it lacks; undefined once it is well. */
  readonly lacks: string | undefined;
}

/** Between two looks: nothing tells of something that becomes well before somebody asks it. */
const pauseMs = 200;

/** A container that ends soon after its start has ended by then. */
const steadyMs = 1_000;

/** Further checks are left out of what is kept. */
const mostChecks = 100;

/** A sentence names so many of them. */
const mostNamed = 5;

/**
 * Ask a running instance how it is until it is well or the time is over: its plugin, or where it has no workload its
 * containers, which then have to stay up a moment.
 */
export async function untilWell(
  deps: Deps,
  record: InstanceRecord,
  timeoutMs: number,
  tools: Pick<StepTools, "signal" | "report">,
): Promise<Wellness> {
  const { clock } = deps.platform;
  const look = record.workload === undefined ? containersLook(deps, record) : workloadLook(deps, record);
  const until = clock.monotonic() + timeoutMs;
  let last: Wellness | undefined;
  for (;;) {
    const over = AbortSignal.timeout(Math.max(1, Math.ceil(until - clock.monotonic())));
    const wellness = await look(AbortSignal.any([tools.signal, over]));
    tools.signal.throwIfAborted();
    const { lacks } = wellness;
    // What was said last says more than that the last question was cut short.
    if (over.aborted && lacks !== undefined) return last ?? wellness;
    if (lacks === undefined || clock.monotonic() >= until) return wellness;
    if (lacks !== last?.lacks) tools.report({ step: "health", status: "running", message: `not well yet: ${lacks}` });
    last = wellness;
    await pause(clock, pauseMs);
  }
}

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

function containersLook({ platform: { engines, clock } }: Deps, { name }: InstanceRecord): Look {
  let steady = { starts: "", since: Number.POSITIVE_INFINITY };
  // An engine that is up and cannot tell what it holds is what a damaged dataset looks like.
  const standing = async () => {
    try {
      return await standingOf(engines.api(name));
    } catch (error) {
      if (!(error instanceof DockersnapError)) throw error;
      return { checks: [{ name: "engine", ok: false, message: error.message }], starts: "" };
    }
  };
  return async () => {
    const { checks, starts } = await standing();
    const lacks = failuresOf(checks);
    const now = clock.monotonic();
    if (lacks !== undefined || starts !== steady.starts) steady = { starts, since: now };
    const known = checks.slice(0, mostChecks);
    if (lacks !== undefined || starts === "") return { checks: known, lacks };
    return {
      checks: known,
      lacks: now - steady.since >= steadyMs ? undefined : "its containers have only just come up",
    };
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
