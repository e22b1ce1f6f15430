import type { Log, NetworkFault, NetworkPart, NetworkReport } from "@dockersnap/core";
import { Gate } from "./gate.ts";

/** A part of the host's network that is compared with what it must be, and put right, as a whole. */
export interface KeptArea {
  readonly name: string;
  /** Compare, and change nothing. Rejects where that is not possible. */
  look(): Promise<readonly NetworkFault[]>;
  /** Put right what `look` has just found. */
  restore(faults: readonly NetworkFault[]): Promise<void>;
}

/** The daemon's own changes are told as all others are; they are looked at once, after the last of them. */
const quietMs = 200;

/** Changes that have nothing to do with the daemon wake it too, on a busy host all the time: so long it rests after a look. */
const restMs = 500;

/** What the kernel tells nobody of, such as a setting, is looked at this often. */
const roundMs = 60_000;

/** A part that others change again and again is put right this many times in a row, and then later and later. */
const freeRepairs = 5;
const calmMs = 60_000;
const longestPauseMs = 60_000;

/** What is known of one area. */
interface Known {
  readonly area: KeptArea;
  isDue: boolean;
  faults: readonly NetworkFault[];
  /** Why it could not be looked at. */
  unknown: string | undefined;
  repairs: number;
  lastRepair: number;
  /** Not put right before this. */
  notBefore: number;
  lastLook: number;
  /** What was last logged as not to be put right. */
  told: string;
}

/**
 * Keeps what the daemon set up on the host's network as it must be. Woken when something may have changed, it looks, and
 * puts right what is wrong while no change of the daemon's own is under way.
 */
export class Keeper {
  readonly gate: Gate;
  readonly #areas: readonly Known[];
  readonly #log: Log;
  #restored: ((what: NetworkPart) => void) | undefined;
  #timer: NodeJS.Timeout | undefined;
  #round: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;
  #lastRun = Number.NEGATIVE_INFINITY;

  constructor(areas: readonly KeptArea[], log: Log) {
    this.#areas = areas.map((area) => ({
      area,
      isDue: true,
      faults: [],
      unknown: undefined,
      repairs: 0,
      lastRepair: Number.NEGATIVE_INFINITY,
      notBefore: 0,
      lastLook: Number.NEGATIVE_INFINITY,
      told: "",
    }));
    this.#log = log;
    this.gate = new Gate(() => this.#schedule());
  }

  /** `restored` is called for each part that was put right. */
  start(restored: (what: NetworkPart) => void): void {
    this.#restored = restored;
    this.#round = setInterval(() => this.wake(), roundMs);
    this.#round.unref();
    this.wake();
  }

  async close(): Promise<void> {
    this.#restored = undefined;
    clearTimeout(this.#timer);
    clearInterval(this.#round);
    await this.#running;
  }

  /** Something may have changed, in these areas or in any. */
  wake(names?: readonly string[]): void {
    for (const known of this.#areas) if (names?.includes(known.area.name) ?? true) known.isDue = true;
    this.#schedule();
  }

  /** What is wrong now. What was not told of as changed since it was last looked at is not looked at again. */
  async report(): Promise<NetworkReport> {
    for (const known of this.#areas) {
      const isOld = performance.now() - known.lastLook > roundMs;
      if (known.isDue || isOld || this.#restored === undefined) await this.#look(known);
    }
    return {
      faults: this.#areas.flatMap(({ faults }) => faults),
      unknown: this.#areas.flatMap(({ area, unknown }) => (unknown === undefined ? [] : [`${area.name}: ${unknown}`])),
    };
  }

  #schedule(): void {
    if (this.#restored === undefined || this.#running !== undefined || !this.#areas.some(({ isDue }) => isDue)) return;
    clearTimeout(this.#timer);
    const rest = this.#lastRun + restMs - performance.now();
    this.#timer = setTimeout(() => this.#run(), Math.max(0, rest, this.gate.isBusy(quietMs) ? quietMs : 0));
    this.#timer.unref();
  }

  #run(): void {
    if (this.gate.isBusy(quietMs)) {
      this.#schedule();
      return;
    }
    this.#running = this.#lookAtAll().finally(() => {
      this.#running = undefined;
      this.#lastRun = performance.now();
      this.#schedule();
    });
  }

  async #lookAtAll(): Promise<void> {
    for (const known of this.#areas) {
      if (!known.isDue) continue;
      known.isDue = false;
      await this.#look(known);
      if (known.faults.length > 0) await this.#repair(known);
    }
  }

  async #look(known: Known): Promise<void> {
    try {
      known.faults = await known.area.look();
      known.unknown = undefined;
      known.lastLook = performance.now();
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      if (known.unknown !== reason) {
        this.#log.warn("the host's network cannot be compared with what it must be", {
          part: known.area.name,
          error: reason,
        });
      }
      known.unknown = reason;
    }
  }

  async #repair(known: Known): Promise<void> {
    const now = performance.now();
    if (now < known.notBefore) return this.#later(known, known.notBefore - now);
    await this.gate.alone(async () => {
      // What was seen beside a change of the daemon's own was no fault.
      await this.#look(known);
      if (known.faults.length === 0) return;
      const before = known.faults;
      try {
        await known.area.restore(before);
        await this.#look(known);
      } catch (error) {
        this.#log.error("the host's network could not be put right", { part: known.area.name, error });
      }
      this.#tell(known, before);
    });
  }

  #tell(known: Known, before: readonly NetworkFault[]): void {
    const left = new Set(known.faults.map(({ message }) => message));
    const gone = before.filter(({ message }) => !left.has(message));
    for (const what of new Set(gone.map((fault) => fault.what))) this.#restored?.(what);
    if (gone.length > 0) {
      this.#log.warn("something changed the host's network, and it was put right", {
        part: known.area.name,
        found: gone.map(({ message }) => message),
      });
    }
    const stuck = [...left].join(" ");
    if (stuck !== "" && stuck !== known.told) {
      this.#log.error("a part of the host's network cannot be put right", { part: known.area.name, left: stuck });
    }
    known.told = stuck;
    this.#slowDown(known, gone.length > 0);
  }

  #slowDown(known: Known, wasRepaired: boolean): void {
    const now = performance.now();
    known.repairs = now - known.lastRepair < calmMs ? known.repairs + 1 : 1;
    known.lastRepair = now;
    if (known.repairs <= freeRepairs && known.faults.length === 0) return;
    const pauseMs = Math.min(1_000 * 2 ** Math.max(0, known.repairs - freeRepairs), longestPauseMs);
    known.notBefore = now + pauseMs;
    if (known.repairs > freeRepairs && wasRepaired) {
      this.#log.error("something keeps changing the host's network; it is put right less often from now on", {
        part: known.area.name,
        repairs: known.repairs,
        next_in_ms: pauseMs,
      });
    }
    if (known.faults.length > 0) this.#later(known, pauseMs);
  }

  #later(known: Known, ms: number): void {
    setTimeout(() => {
      known.isDue = true;
      this.#schedule();
    }, ms).unref();
  }
}
