import { DockersnapError, isErrorCode, size } from "@dockersnap/contract/words";
import { WakeUps } from "../base/wake-ups.ts";
import { freeSubnetIndex } from "../instance/create.ts";
import { ownName } from "../instance/own-name.ts";
import type { Specs } from "../instance/specs.ts";
import type { Operations } from "../operation/operations.ts";
import type { Platform } from "../platform.ts";
import type { InstanceRecord, StandbyRecord } from "../records/records.ts";
import { poolRoom } from "../storage/pool-room.ts";
import { allWaiting, fits } from "./waiting.ts";

interface Deps {
  readonly platform: Pick<Platform, "records" | "engines" | "storage" | "clock" | "log" | "settings">;
  readonly specs: Pick<Specs, "addresses">;
  readonly operations: Pick<Operations, "begin" | "holder">;
}

/** It looks at least this often: memory and the pool fill and empty without telling. */
const longestWaitMs = 30_000;
/** Pauses before each further attempt at one that could not be made; the last is kept to. */
const retryPausesMs = [5_000, 15_000, 60_000, 300_000];
/** So many subnets are left to users. */
const sparedSubnets = 4;

const byDaemon = { requestedBy: "daemon" };

interface Trouble {
  readonly attempts: number;
  readonly again: number;
  readonly problem: string;
}

/**
 * Sees to it that as many clones wait as are to: makes one after the other where some are missing, as far as the operator's
 * limits go, and takes those away that nobody wants any more or that no longer are what a clone made now would be.
 */
export class StandbyKeeper {
  readonly #deps: Deps;
  readonly #wakeUps = new WakeUps();
  readonly #closing = new AbortController();
  /** By snapshot. */
  readonly #troubles = new Map<string, Trouble>();
  readonly #heldBack = new Map<string, string>();
  #woken = false;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  start(): void {
    this.#run().catch((error: unknown) =>
      this.#deps.platform.log.error("waiting clones are no longer kept", { error }),
    );
  }

  stop(): void {
    this.#closing.abort();
  }

  /** Something changed that may change what waits, or what is to. */
  wake(): void {
    this.#woken = true;
    this.#wakeUps.wake();
  }

  /** Why fewer wait than are to. */
  problemOf(standby: StandbyRecord): string | undefined {
    return this.#troubles.get(keyOf(standby))?.problem ?? this.#heldBack.get(keyOf(standby));
  }

  async #run(): Promise<void> {
    const { signal } = this.#closing;
    while (!signal.aborted) {
      this.#woken = false;
      try {
        await this.#look();
      } catch (error) {
        this.#deps.platform.log.error("waiting clones could not be looked at and are tried again later", { error });
      }
      if (!this.#woken) await this.#untilWoken();
    }
  }

  async #untilWoken(): Promise<void> {
    const over = new AbortController();
    const { clock } = this.#deps.platform;
    const soonest = Math.min(...[...this.#troubles.values()].map(({ again }) => again - clock.monotonic()));
    const cancel = clock.after(Math.max(0, Math.min(longestWaitMs, soonest)), () => over.abort());
    await this.#wakeUps.next(AbortSignal.any([this.#closing.signal, over.signal]));
    cancel();
  }

  async #look(): Promise<void> {
    const { records } = this.#deps.platform;
    await this.#clear();
    const wanted = records.standbys.all();
    for (const key of this.#troubles.keys()) {
      if (!wanted.some((one) => keyOf(one) === key)) this.#troubles.delete(key);
    }
    this.#heldBack.clear();
    for (const standby of wanted) await this.#fill(standby);
  }

  /** Take away what is no longer wanted, and what cannot be handed out. */
  async #clear(): Promise<void> {
    const { records, log } = this.#deps.platform;
    const kept = new Map<string, number>();
    for (const record of allWaiting(records)) {
      const { name } = record;
      if (this.#isHeld(name)) continue;
      const reason = await this.#whyNot(record, kept);
      if (reason === undefined || this.#isHeld(name)) continue;
      log.info("taking away a clone that waited", { instance: name, reason });
      await this.#end("delete", { name }).catch((error: unknown) => {
        log.warn("a clone that waited could not be taken away", { instance: name, error });
      });
    }
  }

  async #whyNot(record: InstanceRecord, kept: Map<string, number>): Promise<string | undefined> {
    const { records, engines } = this.#deps.platform;
    const { cloneOf, phase, problem } = record;
    const standby = cloneOf === undefined ? undefined : records.standbys.get(cloneOf.instance, cloneOf.label);
    if (standby === undefined) return "none is wanted any more";
    if (phase !== "ready") return "it was left half way";
    if (problem !== undefined) return problem;
    if (!fits(records, record)) return "its source was changed, or how it is to wait";
    if ((await engines.state(record.name)) !== "running") return "its engine does not run";
    const count = (kept.get(keyOf(standby)) ?? 0) + 1;
    if (count > standby.count) return "fewer are wanted";
    kept.set(keyOf(standby), count);
    return undefined;
  }

  async #fill(standby: StandbyRecord): Promise<void> {
    const { records, clock, log } = this.#deps.platform;
    const key = keyOf(standby);
    while (!this.#closing.signal.aborted) {
      const now = records.standbys.get(standby.instance, standby.label);
      if (now === undefined || this.#countOf(now) >= now.count) return;
      if ((this.#troubles.get(key)?.again ?? 0) > clock.monotonic()) return;
      const heldBack = await this.#whyHeldBack(now);
      if (heldBack !== undefined) return void this.#heldBack.set(key, heldBack);
      const { instance, label, frozen } = now;
      const name = ownName(instance, "standby");
      try {
        await this.#end("prepare-standby", { source: instance, label, name, frozen });
        this.#troubles.delete(key);
      } catch (error) {
        if (error instanceof DockersnapError && (error.code === "busy" || error.code === "shutting_down")) return;
        const attempts = (this.#troubles.get(key)?.attempts ?? 0) + 1;
        const pauseMs = retryPausesMs[attempts - 1] ?? retryPausesMs.at(-1) ?? longestWaitMs;
        const problem = error instanceof Error ? error.message : String(error);
        this.#troubles.set(key, { attempts, again: clock.monotonic() + pauseMs, problem });
        log.warn("a clone that is to wait could not be made and is tried again", { ...now, attempts, pauseMs, error });
        return;
      }
    }
  }

  #countOf({ instance, label }: StandbyRecord): number {
    // One that is held is being made or deleted; whichever, its end wakes us.
    return allWaiting(this.#deps.platform.records).filter(
      ({ cloneOf }) => cloneOf?.instance === instance && cloneOf.label === label,
    ).length;
  }

  /** The sentence of the limit that leaves no room for another one. */
  async #whyHeldBack({ instance, label }: StandbyRecord): Promise<string | undefined> {
    const { records, storage, engines, settings } = this.#deps.platform;
    const { maxCount, maxMemory } = settings.standby;
    const waiting = allWaiting(records);
    if (waiting.length >= maxCount) return `${waiting.length} wait already, as many as standby.max_count allows.`;
    const pool = poolRoom(await storage.capacity(), settings.pool).state;
    if (pool === "unmounted") return "The pool is not mounted; none is made until it is.";
    if (pool === "read_only") return "The pool is read-only; none is made until it can be written.";
    if (pool !== "ok") return "The pool is nearly full; none is made until there is room.";
    try {
      this.#deps.specs.addresses({ subnetIndex: freeSubnetIndex(this.#deps) + sparedSubnets });
    } catch {
      return `Fewer than ${sparedSubnets} subnets are left, and they are kept for instances that are asked for.`;
    }
    const memory = async (name: string) => (await engines.use(name))?.memory ?? 0;
    const sizes = await Promise.all(waiting.map(({ name }) => memory(name)));
    const alike = sizes.filter(
      (_, index) => waiting[index]?.cloneOf?.instance === instance && waiting[index]?.cloneOf?.label === label,
    );
    // Before the first there is only what its source takes to go by.
    const expected = alike.length > 0 ? Math.max(...alike) : await memory(instance);
    const sum = sizes.reduce((total, bytes) => total + bytes, 0);
    if (sum + expected <= maxMemory) return undefined;
    return `Those that wait hold ${size(sum)} of memory; with ${size(expected)} for another it would be more than the ${size(maxMemory)} of standby.max_memory.`;
  }

  #isHeld(name: string): boolean {
    return this.#deps.operations.holder(name) !== undefined;
  }

  /** Run an operation to its end; rejects with what it failed with. */
  async #end(kind: string, input: unknown): Promise<void> {
    const { done } = await this.#deps.operations.begin(kind, input, byDaemon);
    const { status, error } = await done;
    if (status === "done") return;
    const code = isErrorCode(error?.code) ? error.code : "internal";
    throw new DockersnapError(code, error?.error ?? `The ${kind} ended ${status}.`);
  }
}

function keyOf({ instance, label }: Pick<StandbyRecord, "instance" | "label">): string {
  return `${instance}@${label}`;
}
