import type { Platform } from "../platform.ts";
import type { ClockJump, TimeRecord } from "../records/records.ts";

type Deps = Pick<Platform, "records" | "clock" | "log" | "events">;

/** A jump ahead counts as time that passed after as long as it was itself, and at the latest after this long. */
const longestHoldMs = 24 * 3_600_000;

/** What a clock that is disciplined drifts between two looks, and two readings of it lie apart, is no jump. */
const driftMs = 1_000;

/** Smaller jumps change nothing that anybody would notice. */
const notableMs = 60_000;

/** After a crash no more than this of what was waited out is waited out again. */
const saveEveryMs = 10 * 60_000;

/**
 * The time by which snapshots are removed: the time of day, less the jumps ahead that it made without that much time really
 * passing. A clock that is wrong for a moment must not expire anything, and a machine that was switched off for a month cannot tell
 * that from a clock that is a month ahead; so a jump counts only once it was the truth for a while. A clock that is set back
 * takes back the jumps ahead that came before.
 */
export class RetentionTime {
  readonly #deps: Deps;
  #last: TimeRecord | undefined;
  #savedAt = 0;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /** Looks at the clock, and tells of a jump that it finds. */
  now(): Date {
    const { clock } = this.#deps;
    const wall = clock.now().getTime();
    const { boot, ms: uptimeMs } = clock.sinceBoot();
    const last = this.#last ?? this.#read();
    const isSameBoot = last?.boot === boot;
    const passed = isSameBoot ? Math.max(0, uptimeMs - last.uptimeMs) : uptimeMs;
    const jump = last === undefined ? 0 : wall - Date.parse(last.wall) - passed;
    const waited = (last?.jumps ?? []).map((one) => ({ ...one, leftMs: one.leftMs - passed })).filter(isLeft);
    const jumps = Math.abs(jump) <= driftMs ? waited : afterJump(waited, jump, isSameBoot ? "set" : "away");
    this.#last = { boot, uptimeMs, wall: new Date(wall).toISOString(), jumps };
    const isNotable = Math.abs(jump) >= notableMs;
    if (isNotable) this.#tell(jump, jumps);
    if (isNotable || last === undefined || jumps.length !== last.jumps.length || this.#isSaveDue()) this.#save();
    return new Date(wall - heldBack(jumps));
  }

  #read(): TimeRecord | undefined {
    return this.#deps.records.time.get();
  }

  #isSaveDue(): boolean {
    return this.#deps.clock.monotonic() - this.#savedAt >= saveEveryMs;
  }

  #save(): void {
    const { records, clock, log } = this.#deps;
    this.#savedAt = clock.monotonic();
    try {
      if (this.#last !== undefined) records.lazily(() => records.time.save(this.#last as TimeRecord));
    } catch (error) {
      // What is in memory is right; only a restart would wait out again what was waited out since.
      log.warn("the time could not be saved", { error });
    }
  }

  #tell(jump: number, jumps: readonly ClockJump[]): void {
    const { log, events } = this.#deps;
    const data = { by_ms: jump, held_back_ms: heldBack(jumps) };
    log.warn(
      jump > 0
        ? "the clock is ahead of the time that passed: until that is real, no snapshot is removed on its account"
        : "the clock was set back",
      data,
    );
    events.publish({ type: "clock.changed", data });
  }
}

/** How far the time by which snapshots are removed is behind the time of day. */
export function heldBack(jumps: readonly ClockJump[]): number {
  return jumps.reduce((sum, { ms }) => sum + ms, 0);
}

function afterJump(jumps: readonly ClockJump[], jump: number, kind: ClockJump["kind"]): readonly ClockJump[] {
  if (jump > 0) return [...jumps, { ms: jump, leftMs: Math.min(jump, longestHoldMs), kind }];
  const left = [...jumps];
  for (let back = -jump; back > 0; ) {
    const latest = left.pop();
    if (latest === undefined) break;
    const ms = latest.ms - back;
    // What two looks lie apart is left of one that was taken back.
    if (ms > driftMs) left.push({ ...latest, ms, leftMs: Math.min(ms, latest.leftMs) });
    back -= latest.ms;
  }
  return left;
}

function isLeft({ leftMs }: ClockJump): boolean {
  return leftMs > 0;
}
