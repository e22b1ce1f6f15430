import { DockersnapError, scheduleTag, type Verification } from "@dockersnap/contract/words";
import { ownName } from "../instance/own-name.ts";
import type { Operations } from "../operation/operations.ts";
import type { Platform } from "../platform.ts";
import type { ScheduleRecord } from "../records/records.ts";
import { labelAt } from "./label.ts";
import { newestOf } from "./newest.ts";
import { Plan } from "./plan.ts";
import { dueRemovals } from "./removals.ts";
import { RetentionTime } from "./retention-time.ts";

interface Deps {
  readonly platform: Pick<Platform, "records" | "clock" | "log" | "events">;
  readonly operations: Pick<Operations, "begin" | "follow">;
}

/** It looks at the clock at least this often, for the machine's time can be set, and stands still while it sleeps. */
const longestWaitMs = 60_000;

/** A sweep that failed is tried again after this long. */
const sweepAgainMs = 30_000;

/** Labels of one second that are tried before a run is given up. */
const mostOfOneSecond = 20;

/** An operation that is still being prepared cannot be followed yet; it is begun or refused in less. */
const preparingMs = 250;

/**
 * Takes each schedule's snapshots when their time has come or tries the newest out, and removes what nothing keeps any
 * longer. At most one run of a schedule is under way; a busy instance is waited for. Of a stopped one no snapshots are
 * taken: nothing in it changes.
 */
export class Scheduler {
  readonly #deps: Deps;
  readonly #retentionTime: RetentionTime;
  readonly #plans = new Map<string, Plan>();
  readonly #running = new Set<string>();
  readonly #sweptInVain = new Map<string, number>();
  readonly #closing = new AbortController();
  /** One is tried out after the other: at midnight every schedule on the host may be due, and each boots an engine. */
  #lastVerification: Promise<unknown> = Promise.resolve();
  #cancel = () => {};
  #started = false;

  constructor(deps: Deps) {
    this.#deps = deps;
    this.#retentionTime = new RetentionTime(deps.platform);
  }

  start(): void {
    this.#started = true;
    this.wake();
  }

  stop(): void {
    this.#closing.abort();
    this.#cancel();
  }

  /** Something changed that may change what is next: look again. */
  wake(): void {
    if (this.#started && !this.#closing.signal.aborted) this.#waitFor(0);
  }

  #waitFor(ms: number): void {
    this.#cancel();
    this.#cancel = this.#deps.platform.clock.after(ms, () => this.#look());
  }

  #look(): void {
    const { log, clock } = this.#deps.platform;
    let next = longestWaitMs;
    try {
      const wait = Math.min(this.#runDue() - clock.now().getTime(), this.#sweepDue());
      next = Math.min(longestWaitMs, Math.max(0, wait));
    } catch (error) {
      log.error("schedules could not be looked at and are tried again later", { error });
    }
    this.#waitFor(next);
  }

  /** Begin what is due; gives the time of the first that is not. */
  #runDue(): number {
    const { records, clock } = this.#deps.platform;
    const now = clock.now();
    let soonest = Number.POSITIVE_INFINITY;
    const present = new Set<string>();
    for (const schedule of records.schedules.all()) {
      const key = keyOf(schedule);
      present.add(key);
      const plan = this.#plans.get(key) ?? new Plan(schedule, now);
      this.#plans.set(key, plan);
      // Its end wakes us again.
      if (this.#running.has(key)) continue;
      const next = plan.next(now);
      if (next !== undefined && next <= now) this.#begin(key, schedule, plan);
      else if (next !== undefined) soonest = Math.min(soonest, next.getTime());
    }
    for (const key of this.#plans.keys()) if (!present.has(key)) this.#plans.delete(key);
    return soonest;
  }

  #begin(key: string, schedule: ScheduleRecord, plan: Plan): void {
    const { clock, log } = this.#deps.platform;
    this.#running.add(key);
    this.#run(schedule)
      .catch((error: unknown) =>
        log.error("a schedule's run failed", { instance: schedule.instance, schedule: schedule.id, error }),
      )
      .finally(() => {
        plan.passed(clock.now());
        this.#running.delete(key);
        this.wake();
      });
  }

  async #run({ instance, id, action }: ScheduleRecord): Promise<void> {
    const { records, clock, log } = this.#deps.platform;
    const record = records.instances.get(instance);
    if (record?.phase !== "ready" || (action === "snapshot" && record.desired === "stopped")) return;
    const failure = action === "snapshot" ? await this.#take(instance, id) : await this.#verifyInTurn(instance, id);
    if (this.#closing.signal.aborted) return;
    if (failure !== undefined)
      log.warn("a schedule failed at what it does", { instance, schedule: id, action, reason: failure });
    const schedule = this.#schedule(instance, id);
    if (schedule === undefined) return;
    records.schedules.save({ ...schedule, lastRunAt: clock.now().toISOString(), lastError: failure });
  }

  /** Take one snapshot; resolves with the sentence of why there is none. */
  async #take(instance: string, id: string): Promise<string | undefined> {
    const { platform, operations } = this.#deps;
    const requestedBy = `schedule ${id}`;
    let number = 1;
    while (!this.#closing.signal.aborted) {
      const schedule = this.#schedule(instance, id);
      if (schedule === undefined) return undefined;
      const { label: template, mode, tags } = schedule;
      const label = labelAt(template, platform.clock.now(), number);
      try {
        const input = { name: instance, label, mode, tags: { ...tags, [scheduleTag]: id } };
        const { done } = await operations.begin("snapshot", input, { requestedBy });
        return (await done).error?.error;
      } catch (error) {
        if (!(error instanceof DockersnapError)) throw error;
        if (error.code === "busy") await this.#untilEnded(error.details?.operation);
        else if (error.code === "already_exists" && number < mostOfOneSecond) number += 1;
        else return error.message;
      }
    }
    return undefined;
  }

  #verifyInTurn(instance: string, id: string): Promise<string | undefined> {
    const turn = this.#lastVerification.then(() => this.#verify(instance, id));
    this.#lastVerification = turn.catch(() => undefined);
    return turn;
  }

  /** Try the newest snapshot out; resolves with the sentence of why it cannot be restored, or was not tried. */
  async #verify(instance: string, id: string): Promise<string | undefined> {
    const { platform, operations } = this.#deps;
    while (!this.#closing.signal.aborted) {
      const schedule = this.#schedule(instance, id);
      if (schedule === undefined) return undefined;
      const { of, timeoutMs } = schedule;
      const newest = newestOf(platform.records.snapshots.of(instance), of);
      if (newest === undefined) {
        return `There is no snapshot${of === undefined ? "" : ` of schedule '${of}'`} of '${instance}' to try out.`;
      }
      const { label } = newest;
      try {
        const input = { name: instance, label, clone: ownName(instance, "verify"), timeoutMs };
        const { done } = await operations.begin("verify", input, { requestedBy: `schedule ${id}` });
        const { result, error } = await done;
        const verdict = result as Verification | undefined;
        if (verdict?.ok === false) return `Snapshot '${label}' cannot be restored: ${verdict.problem}`;
        return error?.error;
      } catch (error) {
        if (!(error instanceof DockersnapError)) throw error;
        if (error.code !== "busy") return error.message;
        await this.#untilEnded(error.details?.operation);
      }
    }
    return undefined;
  }

  /** Resolves when the operation that holds the instance has let go of it. */
  async #untilEnded(operation: unknown): Promise<void> {
    const { operations, platform } = this.#deps;
    const { signal } = this.#closing;
    try {
      // Read to its end only for its end.
      for await (const _event of operations.follow(String(operation), signal));
    } catch (error) {
      if (!(error instanceof DockersnapError) || error.code !== "not_found") throw error;
      await new Promise<void>((resolve) => {
        platform.clock.after(preparingMs, resolve);
      });
    }
  }

  #schedule(instance: string, id: string): ScheduleRecord | undefined {
    return this.#deps.platform.records.schedules.of(instance).find((schedule) => schedule.id === id);
  }

  /** Remove what is due; gives how long it is until the next snapshot expires. */
  #sweepDue(): number {
    const { records, clock } = this.#deps.platform;
    const now = this.#retentionTime.now();
    let soonest = Number.POSITIVE_INFINITY;
    // An instance may have thousands of snapshots, and few of them are of concern here.
    const expiring = Map.groupBy(records.snapshots.expiring(), ({ instance }) => instance);
    const keeping = new Set(records.schedules.all().flatMap(({ instance, keep }) => (keep ? [instance] : [])));
    for (const name of new Set([...expiring.keys(), ...keeping])) {
      if (records.instances.get(name)?.phase !== "ready" || this.#running.has(name)) continue;
      const snapshots = keeping.has(name) ? records.snapshots.of(name) : (expiring.get(name) ?? []);
      const removals = dueRemovals(snapshots, records.schedules.of(name), now);
      const again = this.#sweptInVain.get(name) ?? 0;
      if (removals.length > 0 && clock.monotonic() >= again) this.#sweep(name, removals);
      else if (removals.length > 0) soonest = Math.min(soonest, again - clock.monotonic());
      const times = snapshots.filter((one) => !one.protected).map(({ expiresAt }) => Date.parse(expiresAt ?? ""));
      for (const time of times) if (time > now.getTime()) soonest = Math.min(soonest, time - now.getTime());
    }
    return soonest;
  }

  #sweep(name: string, removals: ReturnType<typeof dueRemovals>): void {
    const { platform, operations } = this.#deps;
    const { log, clock } = platform;
    this.#running.add(name);
    operations
      .begin("sweep", { name, removals }, { requestedBy: "daemon" })
      .then(({ done }) => done)
      .then(({ status, error }) => {
        if (status !== "done") throw new DockersnapError("internal", error?.error ?? `The sweep ended ${status}.`);
        log.info("removed snapshots that nothing keeps any longer", { instance: name, removals });
        this.#sweptInVain.delete(name);
      })
      .catch((error: unknown) => {
        if (isBusy(error)) return this.#untilEnded(error.details?.operation);
        this.#sweptInVain.set(name, clock.monotonic() + sweepAgainMs);
        log.warn("snapshots that are to go stay for now", { instance: name, error });
        return undefined;
      })
      .finally(() => {
        this.#running.delete(name);
        this.wake();
      });
  }
}

function isBusy(error: unknown): error is DockersnapError {
  return error instanceof DockersnapError && error.code === "busy";
}

/** One that is removed and made anew is another one. */
function keyOf({ instance, id, createdAt }: ScheduleRecord): string {
  return `${instance}/${id}/${createdAt}`;
}
