import { DockersnapError, type HealthCheck, type InstanceHealth } from "@dockersnap/contract/words";
import type { Clock } from "../base/clock.ts";
import type { Log } from "../base/log.ts";
import type { HealthAnswer } from "./plugins.ts";

export interface HealthDeps {
  readonly clock: Clock;
  readonly log: Log;
  /** 0 turns the polling off; probes on demand still work. */
  readonly intervalMs: number;
  /** Failures in a row before `healthy` turns false. */
  readonly failureThreshold: number;
  /** Instances that run. */
  readonly running: () => Promise<readonly string[]>;
  readonly probe: (instance: string, signal: AbortSignal) => Promise<HealthAnswer>;
  /** The verdict became another. */
  readonly changed: (instance: string, known: Pick<KnownHealth, "healthy" | "verdict">) => void;
}

/** The last probe of one instance, and what the threshold makes of it. */
export interface KnownHealth {
  /** Turns false after as many failures in a row as the threshold asks, true again at the first success. */
  readonly healthy: boolean;
  readonly checks: readonly HealthCheck[];
  readonly checkedAt: string;
  readonly consecutiveFails: number;
  readonly status: string | undefined;
  readonly message: string | undefined;
  /** `degraded` as soon as something fails, `unhealthy` from the threshold on. */
  readonly verdict: Exclude<InstanceHealth, "none">;
}

interface Remembered extends KnownHealth {
  /** All there is of it is an answer from the time in which it comes up. */
  readonly isEarly: boolean;
}

/** A probe under way, and the one asked for meanwhile, which begins after it. */
interface Probing {
  readonly stop: AbortController;
  readonly answer: Promise<KnownHealth>;
  next: Promise<KnownHealth> | undefined;
}

/** Polled probes of different instances that run side by side; one asked for does not wait for them. */
const probesAtOnce = 4;

/** After the first early probe that was in vain; the next ones wait twice as long each. */
const firstAgainMs = 500;

/** Between two probes of an instance whose containers come and go: a service that ends again and again tells of it each time. */
const leastPauseMs = 5_000;

/**
 * The health of every workload: polled a few at a time and spread over the interval, never twice at once for one
 * instance, remembered until the next probe.
 */
export class HealthMonitor {
  readonly #deps: HealthDeps;
  readonly #known = new Map<string, Remembered>();
  readonly #probing = new Map<string, Probing>();
  /** Polls still to come in this round, by instance, with what calls them off. */
  readonly #planned = new Map<string, () => void>();
  /** Those whose turn has come; with a number those asked early, and how long until they are asked again in vain. */
  readonly #queue = new Map<string, number | undefined>();
  /** Those of which the first answer is on its way. */
  readonly #expected = new Map<string, PromiseWithResolvers<void>>();
  /** What calls off the probes of those to whose containers something happened. */
  readonly #noticed = new Map<string, () => void>();
  /** When each was asked last, on the monotonic clock. */
  readonly #askedAt = new Map<string, number>();
  #polling = 0;
  #cancelRound: () => void = () => undefined;
  #isStopped = false;

  constructor(deps: HealthDeps) {
    this.#deps = deps;
  }

  /** Poll from now on, until `stop`. */
  start(): void {
    if (this.#deps.intervalMs > 0) this.#planRound(0);
  }

  /** Poll no more and end the probes under way. */
  stop(): void {
    this.#isStopped = true;
    this.#cancelRound();
    for (const cancel of [...this.#planned.values(), ...this.#noticed.values()]) cancel();
    this.#planned.clear();
    this.#noticed.clear();
    for (const instance of [...this.#expected.keys()]) this.#answered(instance);
    this.#queue.clear();
    const reason = new DockersnapError("shutting_down", "The daemon is stopping.");
    for (const { stop } of this.#probing.values()) stop.abort(reason);
  }

  /** What is shown beside an instance; undefined before its first probe, `unknown` where nothing checks it. */
  verdict(instance: string): InstanceHealth | undefined {
    return this.#known.get(instance)?.verdict;
  }

  /**
   * What is known. With `fresh`, and where nothing is known, the answer of a probe begun after this call: its `healthy` is
   * what the probe said, whatever the threshold makes of it.
   */
  async get(instance: string, { fresh }: { fresh: boolean }): Promise<KnownHealth> {
    const known = fresh ? undefined : this.#known.get(instance);
    return known === undefined || known.isEarly ? this.#probeNow(instance) : known;
  }

  /** Resolves when the first answers are there of those that have just come up, or `signal` aborts. */
  async firstAnswers(instances: readonly string[], signal: AbortSignal): Promise<void> {
    const expected = instances.flatMap((instance) => this.#expected.get(instance)?.promise ?? []);
    if (expected.length === 0 || signal.aborted) return;
    const late = Promise.withResolvers<void>();
    signal.addEventListener("abort", () => late.resolve(), { once: true });
    await Promise.race([Promise.all(expected), late.promise]);
  }

  /**
   * Something happened to the instance's containers: ask how it is now, but not all the time. What comes of it counts toward no
   * threshold, for that counts polls.
   */
  noticed(instance: string): void {
    const { clock, intervalMs } = this.#deps;
    const known = this.#known.get(instance);
    if (intervalMs === 0 || this.#isStopped || known === undefined || known.isEarly) return;
    if (this.#noticed.has(instance)) return;
    const since = clock.monotonic() - (this.#askedAt.get(instance) ?? 0);
    const pauseMs = Math.max(0, Math.min(leastPauseMs, intervalMs / 2) - since);
    const ask = () => {
      this.#noticed.delete(instance);
      if (!this.#queue.has(instance)) this.#queue.set(instance, intervalMs);
      this.#poll();
    };
    this.#noticed.set(instance, clock.after(pauseMs, ask));
  }

  /** The instance stopped, is gone, or holds another state: what was seen of it counts no more, nor what is being seen. */
  forget(instance: string): void {
    this.#known.delete(instance);
    this.#askedAt.delete(instance);
    this.#answered(instance);
    for (const plans of [this.#planned, this.#noticed]) {
      plans.get(instance)?.();
      plans.delete(instance);
    }
    this.#queue.delete(instance);
    this.#probing
      .get(instance)
      ?.stop.abort(
        new DockersnapError("wrong_state", `Instance '${instance}' was changed while its health was asked for.`),
      );
    this.#probing.delete(instance);
  }

  /**
   * Ask one that nothing is known of yet at once, as after its start, and again in growing steps until it is well or its turn
   * comes. What is not well yet may be coming up: it is shown, and does not count. Where nothing is polled, neither is this.
   */
  async soon(instance: string): Promise<void> {
    const { running, intervalMs, log } = this.#deps;
    if (intervalMs === 0 || this.#isStopped || this.#known.has(instance)) return;
    if (!this.#expected.has(instance)) this.#expected.set(instance, Promise.withResolvers());
    let runs = false;
    try {
      runs = (await running()).includes(instance) && !this.#isStopped;
    } catch (error) {
      log.error("it cannot be told which instances run; their health is not asked for this time", { error });
    }
    if (!runs) {
      this.#answered(instance);
      return;
    }
    this.#queue.set(instance, firstAgainMs);
    this.#poll();
  }

  #answered(instance: string): void {
    this.#expected.get(instance)?.resolve();
    this.#expected.delete(instance);
  }

  #planRound(ms: number): void {
    this.#cancelRound = this.#deps.clock.after(ms, () => void this.#round());
  }

  /** Plan one poll of everybody, evenly over one interval. */
  async #round(): Promise<void> {
    const { clock, log, running, intervalMs } = this.#deps;
    this.#planRound(intervalMs);
    let names: readonly string[];
    try {
      names = await running();
    } catch (error) {
      log.error("it cannot be told which instances run; their health is not asked for this time", { error });
      return;
    }
    if (this.#isStopped) return;
    const present = new Set(names);
    for (const name of this.#known.keys()) if (!present.has(name)) this.forget(name);
    for (const [index, name] of names.entries()) {
      this.#planned.get(name)?.();
      this.#planned.set(
        name,
        clock.after((index * intervalMs) / names.length, () => {
          this.#planned.delete(name);
          this.#queue.set(name, undefined);
          this.#poll();
        }),
      );
    }
  }

  #poll(): void {
    for (const [name, againMs] of this.#queue) {
      if (this.#polling >= probesAtOnce) return;
      this.#queue.delete(name);
      if (this.#probing.has(name)) continue;
      this.#polling += 1;
      const done = () => {
        this.#polling -= 1;
        this.#poll();
      };
      const isEarly = againMs !== undefined;
      const { answer } = this.#begin(name, { isEarly });
      // Only a probe that was called off rejects, and a poll has nobody to tell.
      answer.then(({ healthy }) => isEarly && !healthy && this.#planAgain(name, againMs)).then(done, done);
    }
  }

  #planAgain(name: string, ms: number): void {
    if (this.#isStopped || ms >= this.#deps.intervalMs || this.#planned.has(name)) return;
    const cancel = this.#deps.clock.after(ms, () => {
      this.#planned.delete(name);
      this.#queue.set(name, ms * 2);
      this.#poll();
    });
    this.#planned.set(name, cancel);
  }

  #probeNow(instance: string): Promise<KnownHealth> {
    const underWay = this.#probing.get(instance);
    if (underWay === undefined) return this.#begin(instance).answer;
    const { stop, answer } = underWay;
    const begin = () => {
      if (stop.signal.aborted) throw stop.signal.reason;
      // Someone who came in between has begun it already.
      return (this.#probing.get(instance) ?? this.#begin(instance)).answer;
    };
    underWay.next ??= answer.then(begin, begin);
    return underWay.next;
  }

  #begin(instance: string, { isEarly } = { isEarly: false }): Probing {
    const stop = new AbortController();
    this.#askedAt.set(instance, this.#deps.clock.monotonic());
    const answer = this.#probe(instance, stop.signal, isEarly).finally(() => {
      this.#answered(instance);
      if (this.#probing.get(instance) === probing) this.#probing.delete(instance);
    });
    const probing: Probing = { stop, answer, next: undefined };
    this.#probing.set(instance, probing);
    return probing;
  }

  async #probe(instance: string, signal: AbortSignal, isEarly: boolean): Promise<KnownHealth> {
    const answer = await this.#ask(instance, signal);
    if (signal.aborted) throw signal.reason;
    const known = this.#judge(instance, answer, isEarly || answer.uncounted === true);
    this.#remember(instance, known);
    return { ...known, healthy: answer.healthy };
  }

  #judge(instance: string, answer: HealthAnswer, isUncounted: boolean): Remembered {
    const { clock, failureThreshold } = this.#deps;
    const before = this.#known.get(instance);
    const failsBefore = before?.consecutiveFails ?? 0;
    const consecutiveFails = answer.healthy ? 0 : failsBefore + (isUncounted ? 0 : 1);
    const isEarly = !answer.healthy && isUncounted && before?.isEarly !== false;
    const healthy = !isEarly && consecutiveFails < failureThreshold;
    return {
      isEarly,
      healthy,
      checks: answer.checks ?? [],
      checkedAt: clock.now().toISOString(),
      consecutiveFails,
      status: answer.unchecked ? "unknown" : answer.status,
      message: answer.message,
      verdict: verdictOn(answer, consecutiveFails >= failureThreshold),
    };
  }

  #remember(instance: string, known: Remembered): void {
    const before = this.#known.get(instance)?.verdict;
    this.#known.set(instance, known);
    if (known.verdict !== "unknown" && known.verdict !== before) this.#deps.changed(instance, known);
  }

  /** A probe that cannot run is an unhealthy workload with a check that says why. */
  async #ask(instance: string, signal: AbortSignal): Promise<HealthAnswer> {
    try {
      return await this.#deps.probe(instance, signal);
    } catch (error) {
      if (!signal.aborted && !(error instanceof DockersnapError)) {
        this.#deps.log.error("a health probe could not run", { instance, error });
      }
      const message =
        error instanceof DockersnapError ? error.message : "the probe could not run; see the daemon's log";
      return { healthy: false, checks: [{ name: "plugin", ok: false, message }] };
    }
  }
}

/** What is shown never calls healthy what has a failed check below it. */
function verdictOn(answer: HealthAnswer, isPastThreshold: boolean): KnownHealth["verdict"] {
  if (answer.unchecked) return "unknown";
  if (isPastThreshold && !answer.healthy) return "unhealthy";
  const isWell = answer.healthy && answer.status !== "degraded" && (answer.checks ?? []).every(({ ok }) => ok);
  return isWell ? "healthy" : "degraded";
}
