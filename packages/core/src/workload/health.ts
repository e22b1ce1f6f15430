import {
  DockersnapError,
  type HealthCheck,
  type HealthResponse,
  type InstanceHealth,
} from "@dockersnap/contract/words";
import type { Clock } from "../platform/clock.ts";

export interface HealthDeps {
  readonly clock: Clock;
  /** 0 turns the polling off; probes on demand still work. */
  readonly intervalMs: number;
  /** Failures in a row before `healthy` turns false. */
  readonly failureThreshold: number;
  /** Running instances that have a workload. */
  readonly running: () => Promise<readonly string[]>;
  readonly probe: (instance: string, signal: AbortSignal) => Promise<HealthResponse>;
  /** The verdict flipped. */
  readonly changed: (instance: string, healthy: boolean) => void;
}

/** The last probe of one instance, and the verdict behind the threshold. */
export interface KnownHealth {
  /** Turns false after as many failures in a row as the threshold asks, true again at the first success. */
  readonly healthy: boolean;
  readonly checks: readonly HealthCheck[];
  readonly checkedAt: string;
  readonly consecutiveFails: number;
  readonly status: string | undefined;
  readonly message: string | undefined;
}

/** Probes of different instances that run side by side. */
const probesAtOnce = 4;

/**
 * The health of every workload: polled a few at a time and spread over the interval, never twice at once for one
 * instance, remembered until the next probe.
 */
export class HealthMonitor {
  readonly #deps: HealthDeps;
  readonly #known = new Map<string, KnownHealth>();
  readonly #probing = new Map<string, Promise<KnownHealth>>();
  readonly #stop = new AbortController();
  #cancelNext: () => void = () => undefined;

  constructor(deps: HealthDeps) {
    this.#deps = deps;
  }

  /** Poll from now on, until `stop`. */
  start(): void {
    if (this.#deps.intervalMs > 0) this.#schedule(0);
  }

  /** Poll no more and end the probes under way. */
  stop(): void {
    this.#cancelNext();
    this.#stop.abort();
  }

  /** What is shown beside an instance; undefined before its first probe. */
  verdict(instance: string): InstanceHealth | undefined {
    const known = this.#known.get(instance);
    return known === undefined ? undefined : known.healthy ? "healthy" : "unhealthy";
  }

  /** What is known, or a probe's answer where nothing is known yet or `fresh` asks for one now. */
  async get(instance: string, { fresh }: { fresh: boolean }): Promise<KnownHealth> {
    const known = fresh ? undefined : this.#known.get(instance);
    return known ?? this.#probe(instance);
  }

  forget(instance: string): void {
    this.#known.delete(instance);
  }

  #schedule(ms: number): void {
    this.#cancelNext = this.#deps.clock.after(ms, () => {
      this.#round().finally(() => {
        if (!this.#stop.signal.aborted) this.#schedule(0);
      });
    });
  }

  /** One probe of everybody, begun evenly over one interval; ends no earlier than the interval. */
  async #round(): Promise<void> {
    const { running, intervalMs } = this.#deps;
    const names = await running().catch(() => []);
    const gap = intervalMs / Math.max(1, names.length);
    const underWay = new Set<Promise<unknown>>();
    for (const name of names) {
      if (underWay.size >= probesAtOnce) await Promise.race(underWay);
      const probe = this.#probe(name).catch(() => undefined);
      underWay.add(probe);
      probe.then(() => underWay.delete(probe));
      await this.#pause(gap);
    }
    if (names.length === 0) await this.#pause(intervalMs);
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      if (this.#stop.signal.aborted) return resolve();
      const cancel = this.#deps.clock.after(ms, resolve);
      this.#stop.signal.addEventListener("abort", () => {
        cancel();
        resolve();
      });
    });
  }

  #probe(instance: string): Promise<KnownHealth> {
    const underWay = this.#probing.get(instance);
    if (underWay !== undefined) return underWay;
    const probe = this.#ask(instance).finally(() => this.#probing.delete(instance));
    this.#probing.set(instance, probe);
    return probe;
  }

  async #ask(instance: string): Promise<KnownHealth> {
    const { clock, failureThreshold, changed } = this.#deps;
    const answer = await this.#answer(instance);
    this.#stop.signal.throwIfAborted();
    const before = this.#known.get(instance);
    const consecutiveFails = answer.healthy ? 0 : (before?.consecutiveFails ?? 0) + 1;
    const known: KnownHealth = {
      // Before the first success there is nothing to hold on to: what the probe says counts at once.
      healthy: answer.healthy || (before?.healthy === true && consecutiveFails < failureThreshold),
      checks: answer.checks ?? [],
      checkedAt: clock.now().toISOString(),
      consecutiveFails,
      status: answer.status,
      message: answer.message,
    };
    this.#known.set(instance, known);
    if (known.healthy !== before?.healthy) changed(instance, known.healthy);
    return known;
  }

  /** A probe that cannot run is an unhealthy workload with a check that says why. */
  async #answer(instance: string): Promise<HealthResponse> {
    try {
      return await this.#deps.probe(instance, this.#stop.signal);
    } catch (error) {
      const message =
        error instanceof DockersnapError ? error.message : "the probe could not run; see the daemon's log";
      return { healthy: false, checks: [{ name: "plugin", ok: false, message }] };
    }
  }
}
