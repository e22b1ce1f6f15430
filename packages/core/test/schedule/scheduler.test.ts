import { DockersnapError, type Operation, scheduleTag } from "@dockersnap/contract";
import { beforeEach, describe, expect, it } from "vitest";
import type { NewEvent } from "../../src/base/events.ts";
import type { Log } from "../../src/base/log.ts";
import type { ScheduleRecord } from "../../src/records/records.ts";
import { Scheduler } from "../../src/schedule/scheduler.ts";
import { ManualClock, MemoryRecords, samples } from "../../testing/index.ts";

const log: Log = { debug() {}, info() {}, warn() {}, error() {}, child: () => log };
const minute = 60_000;
const hour = 60 * minute;

/** Operations that do to the records what the real ones do. */
class Doing {
  readonly begun: { kind: string; input: Record<string, unknown> }[] = [];
  /** What the next ones are refused with. */
  readonly refusals: DockersnapError[] = [];
  ends: Partial<Operation> = { status: "done" };
  holder = Promise.withResolvers<void>();
  readonly #records: MemoryRecords;
  readonly #clock: ManualClock;

  constructor(records: MemoryRecords, clock: ManualClock) {
    this.#records = records;
    this.#clock = clock;
  }

  async begin(kind: string, input: unknown) {
    const refusal = this.refusals.shift();
    if (refusal !== undefined) throw refusal;
    this.begun.push({ kind, input: input as Record<string, unknown> });
    if (this.ends.status === "done") this.#act(kind, input);
    return { id: "op-1", done: Promise.resolve(this.ends as Operation) };
  }

  async *follow() {
    await this.holder.promise;
    yield* [];
  }

  #act(kind: string, input: unknown): void {
    if (kind === "verify") return;
    if (kind === "sweep") {
      const { name, removals } = input as { name: string; removals: { label: string }[] };
      for (const { label } of removals) this.#records.snapshots.remove(name, label);
    } else {
      const { name, label, tags } = input as { name: string; label: string; tags: Record<string, string> };
      if (this.#records.snapshots.get(name, label)) throw new DockersnapError("already_exists", `${label} is there.`);
      addSnapshot(this.#records, label, this.#clock.now().toISOString(), { tags });
    }
  }
}

function addSnapshot(records: MemoryRecords, label: string, createdAt: string, more: object = {}): void {
  records.snapshots.insert(samples.snapshot("web", label, 0, { createdAt, ...more }));
}

let records: MemoryRecords;
let clock: ManualClock;
let doing: Doing;
let published: object[];

beforeEach(() => {
  records = new MemoryRecords();
  clock = new ManualClock("2026-01-01T00:30:00.000Z");
  doing = new Doing(records, clock);
  published = [];
  records.instances.insert(samples.instance("web", 0));
});

function schedule(more: Partial<ScheduleRecord> = {}): void {
  records.schedules.save(
    samples.schedule("web", "hourly", {
      cron: "@hourly",
      mode: "paused",
      tags: { team: "web" },
      createdAt: "2026-01-01T00:10:00.000Z",
      ...more,
    }),
  );
}

async function running(): Promise<Scheduler & Disposable> {
  const events = { publish: ({ type, data }: NewEvent) => void published.push({ type, data }) };
  const scheduler = new Scheduler({ platform: { records, clock, log, events }, operations: doing });
  scheduler.start();
  await clock.advance(0);
  return Object.assign(scheduler, { [Symbol.dispose]: () => scheduler.stop() });
}

const labels = () => records.snapshots.of("web").map(({ label }) => label);

describe("a schedule", () => {
  it("takes a snapshot whenever its time comes, marked as its own", async () => {
    schedule();
    using _scheduler = await running();
    await clock.advance(hour);
    await clock.advance(hour);
    expect(labels()).toEqual(["auto-2026-01-01T01-00-00Z", "auto-2026-01-01T02-00-00Z"]);
    expect(doing.begun[0]?.input).toMatchObject({ mode: "paused", tags: { team: "web", [scheduleTag]: "hourly" } });
    expect(records.schedules.of("web")[0]).toMatchObject({ lastRunAt: "2026-01-01T02:00:00.000Z" });
  });

  it("takes one for all that was missed while no daemon was there", async () => {
    schedule({ lastRunAt: "2025-12-20T03:00:00.000Z" });
    using _scheduler = await running();
    expect(labels()).toEqual(["auto-2026-01-01T00-30-00Z"]);
    await clock.advance(20 * minute);
    expect(labels()).toHaveLength(1);
  });

  it("that is added or removed counts from then on", async () => {
    using scheduler = await running();
    schedule({ cron: "* * * * * *", createdAt: clock.now().toISOString() });
    scheduler.wake();
    await clock.advance(2_500);
    expect(labels()).toHaveLength(2);
    records.schedules.remove("web", "hourly");
    await clock.advance(minute);
    expect(labels()).toHaveLength(2);
  });

  it("waits for a busy instance and then takes its snapshot", async () => {
    schedule();
    doing.refusals.push(new DockersnapError("busy", "Busy.", { details: { operation: "op-9" } }));
    using _scheduler = await running();
    await clock.advance(35 * minute);
    expect(labels()).toEqual([]);
    doing.holder.resolve();
    await clock.advance(0);
    expect(labels()).toEqual(["auto-2026-01-01T01-05-00Z"]);
  });

  it("leaves a stopped instance out and goes on when it runs again", async () => {
    schedule();
    records.instances.update("web", { desired: "stopped" });
    using _scheduler = await running();
    await clock.advance(2 * hour);
    expect(doing.begun).toEqual([]);
    records.instances.update("web", { desired: "running" });
    await clock.advance(hour);
    expect(labels()).toEqual(["auto-2026-01-01T03-00-00Z"]);
  });

  it("notes why there is no snapshot, and forgets it with the next one", async () => {
    schedule();
    doing.refusals.push(new DockersnapError("no_space", "The pool is full."));
    using _scheduler = await running();
    await clock.advance(hour);
    expect(records.schedules.of("web")[0]).toMatchObject({ lastError: "The pool is full." });
    doing.ends = { status: "failed", error: { error: "The plugin failed.", code: "plugin_failed" } };
    await clock.advance(hour);
    expect(records.schedules.of("web")[0]).toMatchObject({ lastError: "The plugin failed." });
    doing.ends = { status: "done" };
    await clock.advance(hour);
    expect(records.schedules.of("web")[0]).toMatchObject({ lastError: undefined });
  });

  it("finds another label where its own is taken", async () => {
    schedule();
    addSnapshot(records, "auto-2026-01-01T01-00-00Z", "2025-12-31T00:00:00.000Z");
    using _scheduler = await running();
    await clock.advance(hour);
    expect(labels()).toContain("auto-2026-01-01T01-00-00Z-2");
  });
});

describe("a schedule that tries snapshots out", () => {
  const nightly = { action: "verify", id: "proof", cron: "@daily", label: "", tags: {} } as const;
  const day = 24 * hour;
  const tried = () => doing.begun.filter(({ kind }) => kind === "verify").map(({ input }) => input.label);
  const last = () => records.schedules.of("web").find(({ id }) => id === "proof");

  beforeEach(() => {
    addSnapshot(records, "first", "2026-01-01T00:00:01.000Z");
    addSnapshot(records, "night-1", "2026-01-01T00:00:02.000Z", { tags: { [scheduleTag]: "nightly" } });
    addSnapshot(records, "second", "2026-01-01T00:00:03.000Z");
    addSnapshot(records, "kept", "2026-01-01T00:00:04.000Z", { tags: { "dockersnap.auto": "revert" } });
    doing.ends = { status: "done", result: { ok: true } };
  });

  it("takes the newest that somebody wanted, every night, also of a stopped instance", async () => {
    schedule({ ...nightly, timeoutMs: 5_000 });
    records.instances.update("web", { desired: "stopped" });
    using _scheduler = await running();
    await clock.advance(day);
    expect(doing.begun).toEqual([
      {
        kind: "verify",
        input: { name: "web", label: "second", clone: expect.stringMatching(/^web-verify-/), timeoutMs: 5_000 },
      },
    ]);
    expect(last()).toMatchObject({ lastRunAt: "2026-01-02T00:00:00.000Z", lastError: undefined });
    addSnapshot(records, "third", clock.now().toISOString());
    await clock.advance(day);
    expect(tried()).toEqual(["second", "third"]);
  });

  it("takes the newest of another schedule, if it is told which", async () => {
    schedule({ ...nightly, of: "nightly" });
    using _scheduler = await running();
    await clock.advance(day);
    expect(tried()).toEqual(["night-1"]);
  });

  it("notes what cannot be restored, what failed, and that there is nothing to try", async () => {
    schedule(nightly);
    using _scheduler = await running();
    doing.ends = { status: "done", result: { ok: false, problem: "Its engine did not come up." } };
    await clock.advance(day);
    expect(last()?.lastError).toBe("Snapshot 'second' cannot be restored: Its engine did not come up.");
    doing.ends = { status: "failed", error: { error: "The daemon failed at this.", code: "internal" } };
    await clock.advance(day);
    expect(last()?.lastError).toBe("The daemon failed at this.");
    doing.refusals.push(new DockersnapError("no_space", "The pool is full."));
    await clock.advance(day);
    expect(last()?.lastError).toBe("The pool is full.");
    for (const label of ["first", "second", "night-1"]) records.snapshots.remove("web", label);
    await clock.advance(day);
    expect(last()?.lastError).toBe("There is no snapshot of 'web' to try out.");
  });

  it("waits for a busy instance", async () => {
    schedule(nightly);
    doing.refusals.push(new DockersnapError("busy", "Busy.", { details: { operation: "op-9" } }));
    using _scheduler = await running();
    await clock.advance(day);
    expect(tried()).toEqual([]);
    doing.holder.resolve();
    await clock.advance(0);
    expect(tried()).toEqual(["second"]);
  });

  it("waits for the others of its kind: one engine more at a time is enough for a host", async () => {
    for (const id of ["a", "b"]) schedule({ ...nightly, id });
    const first = Promise.withResolvers<Operation>();
    const done = doing.begin.bind(doing);
    doing.begin = async (kind, input) => {
      const begun = await done(kind, input);
      return tried().length === 1 ? { ...begun, done: first.promise } : begun;
    };
    using _scheduler = await running();
    await clock.advance(day);
    expect(tried()).toHaveLength(1);
    first.resolve({ ...doing.ends } as Operation);
    await clock.advance(0);
    expect(tried()).toHaveLength(2);
  });

  it("goes on by the new time when the clock is set back", async () => {
    schedule(nightly);
    using _scheduler = await running();
    await clock.advance(day);
    clock.set("2025-12-30T23:50:00.000Z");
    await clock.advance(15 * minute);
    expect(tried()).toHaveLength(2);
  });
});

describe("a clock that is set back", () => {
  it("makes the schedule go on by the new time: neither a flood nor a day of nothing", async () => {
    schedule({ keep: { last: 2 } });
    using _scheduler = await running();
    await clock.advance(3 * hour);
    expect(labels()).toHaveLength(2);
    clock.set("2025-12-30T10:40:00.000Z");
    await clock.advance(10 * minute);
    expect(labels()).toHaveLength(2);
    await clock.advance(15 * minute);
    expect(labels()).toEqual(["auto-2025-12-30T11-00-00Z", "auto-2026-01-01T02-00-00Z", "auto-2026-01-01T03-00-00Z"]);
  });

  it("is one run where it is set forward over many", async () => {
    schedule();
    using _scheduler = await running();
    clock.set("2026-01-03T10:00:10.000Z");
    await clock.advance(2 * minute);
    expect(labels()).toHaveLength(1);
  });
});

describe("what nothing keeps", () => {
  it("is removed as soon as a new one takes its place", async () => {
    schedule({ keep: { last: 2 } });
    using _scheduler = await running();
    for (let run = 0; run < 4; run += 1) await clock.advance(hour);
    expect(labels()).toEqual(["auto-2026-01-01T03-00-00Z", "auto-2026-01-01T04-00-00Z"]);
    expect(doing.begun.filter(({ kind }) => kind === "sweep")).toHaveLength(2);
  });

  it("is removed when its time is over, on time", async () => {
    addSnapshot(records, "brief", "2026-01-01T00:00:00.000Z", { expiresAt: "2026-01-01T00:30:20.000Z" });
    using _scheduler = await running();
    await clock.advance(19_000);
    expect(labels()).toEqual(["brief"]);
    await clock.advance(1_000);
    expect(labels()).toEqual([]);
    expect(doing.begun[0]?.input.removals).toEqual([
      { label: "brief", reason: "its time was over at 2026-01-01T00:30:20.000Z" },
    ]);
  });

  it("waits for a busy instance, and after a failure for a while", async () => {
    addSnapshot(records, "brief", "2026-01-01T00:00:00.000Z", { expiresAt: "2026-01-01T00:00:20.000Z" });
    doing.refusals.push(new DockersnapError("busy", "Busy.", { details: { operation: "op-9" } }));
    doing.refusals.push(new DockersnapError("internal", "The disk is gone."));
    using _scheduler = await running();
    await clock.advance(minute);
    expect(doing.refusals).toHaveLength(1);
    doing.holder.resolve();
    await clock.advance(29_000);
    expect(doing.refusals).toHaveLength(0);
    expect(labels()).toEqual(["brief"]);
    await clock.advance(2_000);
    expect(labels()).toEqual([]);
  });
});

describe("a clock that jumps ahead", () => {
  const day = 24 * hour;
  const month = 30 * day;
  const start = "2026-01-01T00:00:00.000Z";
  const after = (ms: number) => new Date(Date.parse("2026-01-01T00:30:00.000Z") + ms).toISOString();
  const jump = (ms: number) => clock.set(new Date(clock.now().getTime() + ms).toISOString());
  const ahead = { type: "clock.changed", data: { by_ms: month, held_back_ms: month } };

  beforeEach(() => {
    addSnapshot(records, "week", start, { expiresAt: after(7 * day) });
    addSnapshot(records, "hours", start, { expiresAt: after(2 * hour) });
  });

  it("removes nothing, and what expires does so on time once it is set right again", async () => {
    using _scheduler = await running();
    jump(month);
    await clock.advance(2 * minute);
    expect(labels()).toEqual(["week", "hours"]);
    expect(published).toEqual([ahead]);
    jump(-month);
    await clock.advance(2 * minute);
    expect(published).toEqual([ahead, { type: "clock.changed", data: { by_ms: -month, held_back_ms: 0 } }]);
    await clock.advance(2 * hour - 5 * minute);
    expect(labels()).toEqual(["week", "hours"]);
    await clock.advance(minute);
    expect(labels()).toEqual(["week"]);
  });

  it("lets time that really passes expire what it must meanwhile", async () => {
    using _scheduler = await running();
    jump(month);
    await clock.advance(2 * hour - minute);
    expect(labels()).toEqual(["week", "hours"]);
    await clock.advance(2 * minute);
    expect(labels()).toEqual(["week"]);
  });

  it("is believed after a day, and a smaller jump after as long as it was", async () => {
    using _scheduler = await running();
    jump(3 * hour);
    await clock.advance(hour);
    expect(labels()).toEqual(["week", "hours"]);
    jump(month);
    await clock.advance(day - 2 * minute);
    expect(labels()).toEqual(["week"]);
    await clock.advance(4 * minute);
    expect(labels()).toEqual([]);
  });

  it("makes no keep rule forget what was taken before, whatever is taken meanwhile", async () => {
    schedule({ keep: { last: 2, daily: 1 } });
    using _scheduler = await running();
    await clock.advance(3 * hour);
    const before = labels().filter((label) => label.startsWith("auto"));
    expect(before).toHaveLength(2);
    jump(month);
    await clock.advance(4 * hour);
    expect(labels().filter((label) => label.startsWith("auto-2026-01-01"))).toEqual(before);
    jump(-month);
    await clock.advance(hour);
    const left = labels().filter((label) => label.startsWith("auto-2026-01-01"));
    expect(left).toEqual([before[1], "auto-2026-01-01T08-00-00Z"]);
  });

  it("is noticed across a restart of the daemon, and what was waited out is remembered", async () => {
    const first = await running();
    jump(month);
    await clock.advance(minute);
    first.stop();
    const second = await running();
    await clock.advance(23 * hour);
    expect(labels()).toEqual(["week"]);
    second.stop();
    using _third = await running();
    await clock.advance(hour);
    expect(labels()).toEqual([]);
  });

  it("is noticed when it jumped while no daemon was there", async () => {
    (await running()).stop();
    jump(month);
    using _scheduler = await running();
    await clock.advance(minute);
    expect(labels()).toEqual(["week", "hours"]);
    expect(published).toEqual([ahead]);
  });

  it("is what a machine looks like that was off for a month, which expires things after a day", async () => {
    (await running()).stop();
    clock.reboot(month);
    using _scheduler = await running();
    await clock.advance(hour);
    expect(labels()).toEqual(["week", "hours"]);
    await clock.advance(day);
    expect(labels()).toEqual([]);
  });

  it("is not what a machine looks like that slept: that time passed", async () => {
    using _scheduler = await running();
    clock.sleep(3 * hour);
    await clock.advance(2 * minute);
    expect(labels()).toEqual(["week"]);
    expect(published).toEqual([]);
  });

  it("costs a machine that is off every night nothing for good", async () => {
    for (let night = 0; night < 10; night += 1) {
      const scheduler = await running();
      await clock.advance(10 * hour);
      scheduler.stop();
      clock.reboot(14 * hour);
    }
    expect(labels()).toEqual([]);
  });

  it("is no matter of seconds that a clock is put right by", async () => {
    using _scheduler = await running();
    for (let times = 0; times < 10; times += 1) {
      jump(800);
      await clock.advance(minute);
    }
    expect(published).toEqual([]);
  });
});
