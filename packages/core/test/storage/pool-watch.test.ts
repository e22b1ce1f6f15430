import { expect, it } from "vitest";
import type { NewEvent } from "../../src/platform/events.ts";
import type { Log } from "../../src/platform/log.ts";
import type { Settings } from "../../src/platform/platform.ts";
import type { SetsAside } from "../../src/storage/driver.ts";
import { poolRoom } from "../../src/storage/pool-room.ts";
import { PoolWatch } from "../../src/storage/pool-watch.ts";
import { ManualClock } from "../../src/testing.ts";

const GiB = 1024 ** 3;
const MiB = 1024 ** 2;
const limits = { warnAt: 0.85, reserve: undefined };

it.each([
  [1 * GiB, 64 * MiB],
  [10 * GiB, Math.round((10 * GiB) / 50)],
  [1000 * GiB, 1 * GiB],
])("of %i bytes, %i are kept back", (total, reserve) => {
  expect(poolRoom({ total, free: total }, limits).reserve_bytes).toBe(reserve);
});

it.each([
  [16, "ok"],
  [15, "nearly_full"],
  [2, "nearly_full"],
  [1.99, "full"],
  [0, "full"],
])("with %i of 100 free is %s", (free, state) => {
  expect(poolRoom({ total: 100 * GiB, free: free * GiB }, { ...limits, reserve: 2 * GiB }).state).toBe(state);
});

/** A pool of 100 GiB that a test fills. */
function watched(more: Partial<SetsAside> = {}) {
  const told: unknown[] = [];
  const log: Log = {
    debug() {},
    info: () => told.push("info"),
    warn: () => told.push("warn"),
    error: () => told.push("error"),
    child: () => log,
  };
  const pool = { total: 100 * GiB, free: 100 * GiB };
  const clock = new ManualClock();
  const events = { publish: ({ type, data }: NewEvent) => told.push([type, data?.state]) };
  const settings = { pool: limits } as Settings;
  const storage = { capacity: async () => pool, ...more } as never;
  const watch = new PoolWatch({ storage, clock, log, events, settings });
  return { watch, told, pool, clock };
}

it("is told of once when it fills, and once when it has room again", async () => {
  const { watch, told, pool, clock } = watched();
  watch.start();
  await clock.advance(60_000);
  expect(told).toEqual([]);
  pool.free = 14 * GiB;
  await clock.advance(60_000);
  pool.free = 16 * GiB;
  await clock.advance(60_000);
  pool.free = 13 * GiB;
  await clock.advance(60_000);
  expect(told.splice(0)).toEqual(["warn", ["pool.changed", "nearly_full"]]);
  pool.free = 0;
  await clock.advance(60_000);
  expect(told.splice(0)).toEqual(["error", ["pool.changed", "full"]]);
  pool.free = 18 * GiB;
  await clock.advance(60_000);
  expect(told.splice(0)).toEqual(["info", ["pool.changed", "ok"]]);
  watch.stop();
  expect(clock.pending).toBe(0);
});

it("tells what could not be deleted yet, and has it tried again", async () => {
  const waiting = [
    { what: "web@s1", path: "/pool/removed/1", since: new Date(0), reason: "a swap file is in use" },
    { what: "web", path: "/pool/removed/2", since: new Date(1), reason: undefined },
  ];
  let tries = 0;
  const { watch, clock } = watched({
    setAside: async () => waiting,
    deleteSetAside: async () => {
      tries += 1;
    },
  });
  expect((await watch.describe()).set_aside).toEqual([
    { what: "web@s1", path: "/pool/removed/1", since: "1970-01-01T00:00:00.000Z", reason: "a swap file is in use" },
    { what: "web", path: "/pool/removed/2", since: "1970-01-01T00:00:00.001Z" },
  ]);
  watch.start();
  await clock.advance(30_000);
  expect(tries).toBe(2);
  watch.stop();
  waiting.splice(0);
  expect(await watch.describe()).not.toHaveProperty("set_aside");
});
