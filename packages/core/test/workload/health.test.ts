import { DockersnapError } from "@dockersnap/contract";
import { describe, expect, it } from "vitest";
import { HealthMonitor } from "../../src/workload/health.ts";
import type { HealthAnswer } from "../../src/workload/plugins.ts";
import { ManualClock } from "../../testing/index.ts";

const good: HealthAnswer = { healthy: true };
const bad: HealthAnswer = { healthy: false, checks: [{ name: "web", ok: false }], message: "refused" };

function world({ running = ["demo"], intervalMs = 1000, failureThreshold = 3 } = {}) {
  const clock = new ManualClock();
  const begun: string[] = [];
  const changes: string[] = [];
  const errors: string[] = [];
  const underWay = new Map<string, { resolve: (answer: HealthAnswer) => void; reject: (error: unknown) => void }>();
  const state = {
    running: [...running],
    /** Answered at once with this; without it a probe waits for `answer`. */
    now: undefined as HealthAnswer | Error | undefined,
    atOnce: 0,
    mostAtOnce: 0,
  };
  const silent = () => undefined;
  const log = {
    debug: silent,
    info: silent,
    warn: silent,
    error: (message: string) => void errors.push(message),
    child: () => log,
  };
  const monitor = new HealthMonitor({
    clock,
    log,
    intervalMs,
    failureThreshold,
    running: async () => state.running,
    changed: (name, { healthy, verdict }) => changes.push(`${name} ${healthy} ${verdict}`),
    async probe(name, signal) {
      begun.push(`${name}@${clock.monotonic()}`);
      if (state.now instanceof Error) throw state.now;
      if (state.now !== undefined) return state.now;
      if (underWay.has(name)) throw new Error(`${name} is probed twice at once`);
      state.atOnce += 1;
      state.mostAtOnce = Math.max(state.mostAtOnce, state.atOnce);
      const waiting = Promise.withResolvers<HealthAnswer>();
      underWay.set(name, waiting);
      signal.addEventListener("abort", () => waiting.reject(signal.reason));
      return waiting.promise.finally(() => {
        underWay.delete(name);
        state.atOnce -= 1;
      });
    },
  });
  const answer = (name: string, response: HealthAnswer) => {
    underWay.get(name)?.resolve(response);
    return clock.advance(0);
  };
  const fresh = async (response: HealthAnswer | Error, name = "demo") => {
    state.now = response;
    const known = await monitor.get(name, { fresh: true });
    state.now = undefined;
    return known;
  };
  return { monitor, clock, begun, changes, errors, state, answer, fresh };
}

describe("an instance that has just come up", () => {
  it("is asked at once, and not again before its turn", async () => {
    const { monitor, begun, state } = world();
    state.now = good;
    await monitor.soon("demo");
    await expect.poll(() => monitor.verdict("demo")).toBe("healthy");
    await monitor.soon("demo");
    expect(begun).toEqual(["demo@0"]);
  });

  it("is asked again in growing steps until it is well, and what it was before that does not count", async () => {
    const { monitor, begun, changes, state, clock } = world({ intervalMs: 60_000 });
    state.now = bad;
    await monitor.soon("demo");
    await clock.advance(1_499);
    expect([begun, monitor.verdict("demo")]).toEqual([["demo@0", "demo@500"], "degraded"]);
    state.now = good;
    await clock.advance(60_000);
    expect([begun, monitor.verdict("demo")]).toEqual([["demo@0", "demo@500", "demo@1500"], "healthy"]);
    expect(await monitor.get("demo", { fresh: false })).toMatchObject({ consecutiveFails: 0 });
    expect(changes).toEqual(["demo false degraded", "demo true healthy"]);
  });

  it("has its first answer waited for, and no longer than one likes", async () => {
    const { monitor, answer, clock } = world();
    const seen: string[] = [];
    const asked = monitor.soon("demo");
    const first = monitor.firstAnswers(["demo", "other"], new AbortController().signal).then(() => seen.push("first"));
    await asked;
    await clock.advance(0);
    await monitor.firstAnswers(["demo"], AbortSignal.abort());
    expect(seen).toEqual([]);
    await answer("demo", bad);
    await first;
    expect(monitor.verdict("demo")).toBe("degraded");
    await monitor.firstAnswers(["demo"], new AbortController().signal);
  });

  it("is not asked when it does not run, when nothing is polled, or after the end", async () => {
    const { monitor, begun } = world();
    await monitor.soon("other");
    monitor.stop();
    await monitor.soon("demo");
    const still = world({ intervalMs: 0 });
    await still.monitor.soon("demo");
    expect([...begun, ...still.begun]).toEqual([]);
  });
});

describe("the threshold", () => {
  it("shows what fails as degraded at once, and as unhealthy from there on; it turns healthy to false after that many failures in a row, and back at the first success", async () => {
    const { monitor, fresh, changes } = world();
    const cached = async () => (await monitor.get("demo", { fresh: false })).healthy;
    await fresh(good);
    for (const expected of [true, true, false, false]) {
      await fresh(bad);
      expect(await cached()).toBe(expected);
      expect(monitor.verdict("demo")).toBe(expected ? "degraded" : "unhealthy");
    }
    await fresh(good);
    expect(await cached()).toBe(true);
    expect(changes).toEqual(["demo true healthy", "demo true degraded", "demo false unhealthy", "demo true healthy"]);
  });

  it("counts failures in a row only", async () => {
    const { monitor, fresh } = world({ failureThreshold: 2 });
    for (const answer of [bad, good, bad, good, bad]) await fresh(answer);
    expect(await monitor.get("demo", { fresh: false })).toMatchObject({ healthy: true, consecutiveFails: 1 });
  });

  it("counts no failure that has a bound of its own", async () => {
    const { monitor, fresh } = world({ failureThreshold: 2 });
    for (let left = 5; left > 0; left -= 1) await fresh({ ...bad, status: "starting", uncounted: true });
    expect(monitor.verdict("demo")).toBe("degraded");
    await fresh(bad);
    await fresh(bad);
    expect(monitor.verdict("demo")).toBe("unhealthy");
  });

  it.each<[string, HealthAnswer]>([
    ["says degraded", { healthy: true, status: "degraded" }],
    ["has a failed check", { healthy: true, checks: [{ name: "web", ok: false }] }],
  ])("never shows as healthy an answer that %s", async (_, answer) => {
    const { monitor, fresh } = world();
    await fresh(answer);
    expect(monitor.verdict("demo")).toBe("degraded");
  });
});

describe("a fresh probe", () => {
  it("answers with what the plugin said, and updates what is remembered", async () => {
    const { monitor, clock, fresh } = world();
    await fresh(good);
    await clock.advance(5000);
    const known = {
      checks: bad.checks,
      message: "refused",
      checkedAt: "2026-01-01T00:00:05.000Z",
      consecutiveFails: 1,
    };
    expect(await fresh(bad)).toMatchObject({ ...known, healthy: false });
    expect(await monitor.get("demo", { fresh: false })).toMatchObject({ ...known, healthy: true });
  });

  it("is made where nothing is remembered", async () => {
    const { monitor, state, begun } = world();
    state.now = good;
    await monitor.get("demo", { fresh: false });
    await monitor.get("demo", { fresh: false });
    expect(begun).toHaveLength(1);
  });

  it("begins after the one under way, once for all who ask meanwhile", async () => {
    const { monitor, clock, begun, answer } = world();
    const first = monitor.get("demo", { fresh: true });
    const second = monitor.get("demo", { fresh: true });
    const third = monitor.get("demo", { fresh: true });
    await clock.advance(0);
    expect(begun).toHaveLength(1);
    await answer("demo", bad);
    expect((await first).healthy).toBe(false);
    expect(begun).toHaveLength(2);
    await answer("demo", good);
    expect([(await second).healthy, (await third).healthy]).toEqual([true, true]);
    expect(begun).toHaveLength(2);
  });
});

it("knows nothing of a workload whose plugin has no health check, and tells nobody that it changed", async () => {
  const { monitor, fresh, changes } = world();
  const message = "This plugin has no health check.";
  expect(await fresh({ healthy: true, unchecked: true, message })).toMatchObject({ status: "unknown", message });
  expect(monitor.verdict("demo")).toBe("unknown");
  expect(changes).toEqual([]);
});

describe("a probe that cannot run", () => {
  it("is an unhealthy check named plugin, with the plugin's words", async () => {
    const { fresh } = world();
    expect(
      await fresh(new DockersnapError("plugin_failed", "Plugin 'p' failed at health: exited with 1.")),
    ).toMatchObject({
      healthy: false,
      checks: [{ name: "plugin", ok: false, message: "Plugin 'p' failed at health: exited with 1." }],
    });
  });

  it("keeps words that are the daemon's own for the log", async () => {
    const { fresh, errors } = world();
    const { checks } = await fresh(new TypeError("undefined is not a function"));
    expect(checks[0]?.message).not.toContain("undefined");
    expect(errors).toEqual(["a health probe could not run"]);
  });
});

describe("the poller", () => {
  it("probes everybody once an interval, spread over it", async () => {
    const { monitor, clock, begun, state } = world({ running: ["a", "b", "c", "d"] });
    state.now = good;
    monitor.start();
    await clock.advance(1999);
    expect(begun).toEqual(["a@0", "b@250", "c@500", "d@750", "a@1000", "b@1250", "c@1500", "d@1750"]);
  });

  it("never probes one instance twice at once", async () => {
    const { monitor, clock, begun, answer } = world();
    monitor.start();
    await clock.advance(3500);
    expect(begun).toEqual(["demo@0"]);
    await answer("demo", good);
    await clock.advance(500);
    expect(begun).toEqual(["demo@0", "demo@4000"]);
  });

  it("probes a few at a time, and the rest as those end", async () => {
    const running = Array.from({ length: 10 }, (_, index) => `i${index}`);
    const { monitor, clock, begun, state, answer } = world({ running });
    monitor.start();
    await clock.advance(999);
    expect(begun).toHaveLength(4);
    for (const name of running) await answer(name, good);
    expect(begun).toHaveLength(10);
    expect(state.mostAtOnce).toBe(4);
  });

  it("lets nobody who asks wait for it", async () => {
    const running = Array.from({ length: 10 }, (_, index) => `i${index}`);
    const { monitor, clock, answer } = world({ running });
    monitor.start();
    await clock.advance(999);
    const asked = monitor.get("i9", { fresh: true });
    await answer("i9", good);
    expect((await asked).healthy).toBe(true);
  });

  it("is off with an interval of 0", async () => {
    const { monitor, clock, begun } = world({ intervalMs: 0 });
    monitor.start();
    await clock.advance(100_000);
    expect(begun).toEqual([]);
    expect(clock.pending).toBe(0);
  });

  it("takes in who starts, and forgets who runs no more", async () => {
    const { monitor, clock, state, begun } = world({ running: ["a"] });
    state.now = good;
    monitor.start();
    await clock.advance(999);
    state.running = ["b"];
    await clock.advance(1);
    expect(begun).toEqual(["a@0", "b@1000"]);
    expect(monitor.verdict("a")).toBeUndefined();
  });

  it("goes on after a time when it could not be told who runs", async () => {
    const { clock, begun, errors, state } = world();
    let isBroken = true;
    const monitor = new HealthMonitor({
      clock,
      log: {
        debug() {},
        info() {},
        warn() {},
        error: (message) => void errors.push(message),
        child: (() => undefined) as never,
      },
      intervalMs: 1000,
      failureThreshold: 3,
      running: async () => {
        if (isBroken) throw new Error("no engine");
        return state.running;
      },
      probe: async (name) => {
        begun.push(name);
        return good;
      },
      changed: () => undefined,
    });
    monitor.start();
    await clock.advance(500);
    isBroken = false;
    await clock.advance(500);
    expect(errors).toHaveLength(1);
    expect(begun).toEqual(["demo"]);
  });

  it("ends with stop, and so does what it began", async () => {
    const { monitor, clock, begun, state } = world({ running: ["a", "b"] });
    monitor.start();
    await clock.advance(0);
    const asked = monitor.get("c", { fresh: true });
    monitor.stop();
    await expect(asked).rejects.toMatchObject({ code: "shutting_down" });
    await clock.advance(10_000);
    expect(begun).toEqual(["a@0", "c@0"]);
    expect([state.atOnce, clock.pending]).toEqual([0, 0]);
  });
});

describe("something that happened to the containers", () => {
  it("has the instance asked at once, but not all the time, and counts toward no threshold", async () => {
    const { monitor, clock, begun, state } = world({ intervalMs: 60_000 });
    state.now = good;
    monitor.start();
    await clock.advance(10_000);
    state.now = bad;
    monitor.noticed("demo");
    await clock.advance(0);
    expect(begun).toEqual(["demo@0", "demo@10000"]);
    expect(monitor.verdict("demo")).toBe("degraded");
    for (let left = 100; left > 0; left -= 1) {
      monitor.noticed("demo");
      await clock.advance(100);
    }
    expect(begun).toEqual(["demo@0", "demo@10000", "demo@15000", "demo@20000"]);
    expect(monitor.verdict("demo")).toBe("degraded");
    state.now = good;
    monitor.noticed("demo");
    await clock.advance(5_000);
    expect(monitor.verdict("demo")).toBe("healthy");
  });

  it("asks nobody of whom nothing is known, and nobody after the end", async () => {
    const { monitor, clock, begun, fresh } = world();
    monitor.noticed("demo");
    await fresh(good);
    monitor.noticed("demo");
    monitor.stop();
    await clock.advance(60_000);
    expect(begun).toEqual(["demo@0"]);
  });
});

describe("an instance that is forgotten", () => {
  it("is known no more, and the probe under way counts for nothing", async () => {
    const { monitor, clock, fresh, state } = world();
    await fresh(good);
    const asked = monitor.get("demo", { fresh: true });
    const next = monitor.get("demo", { fresh: true });
    await clock.advance(0);
    monitor.forget("demo");
    await expect(asked).rejects.toMatchObject({ code: "wrong_state" });
    await expect(next).rejects.toMatchObject({ code: "wrong_state" });
    expect(monitor.verdict("demo")).toBeUndefined();
    expect(state.atOnce).toBe(0);
  });

  it("may be probed again at once", async () => {
    const { monitor, clock, fresh } = world();
    const asked = monitor.get("demo", { fresh: true });
    await clock.advance(0);
    monitor.forget("demo");
    expect(await fresh(good)).toMatchObject({ healthy: true });
    await expect(asked).rejects.toMatchObject({ code: "wrong_state" });
    expect(monitor.verdict("demo")).toBe("healthy");
  });
});
