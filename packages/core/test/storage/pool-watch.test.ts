import { expect, it } from "vitest";
import type { NewEvent } from "../../src/base/events.ts";
import type { Log } from "../../src/base/log.ts";
import type { Settings } from "../../src/platform.ts";
import type { Capacity, SetsAside } from "../../src/storage/driver.ts";
import { poolRoom } from "../../src/storage/pool-room.ts";
import { PoolWatch } from "../../src/storage/pool-watch.ts";
import { ManualClock } from "../../testing/index.ts";

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

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

it("is full when its metadata is, whatever is free for data, and says what helps", () => {
  const capacity = {
    total: 1 * GiB,
    free: 500 * MiB,
    metadata: { total: 499 * MiB, free: 3 * MiB, advice: "Balance." },
  };
  const room = poolRoom(capacity, limits);
  expect(room).toMatchObject({ state: "full", what: "metadata", free_bytes: 500 * MiB });
  expect(room.metadata).toEqual({ total_bytes: 499 * MiB, free_bytes: 3 * MiB, reserve_bytes: 24 * MiB });
  expect(room.advice).toMatch(/^Balance\. .*pool grow/);
  expect(poolRoom({ ...capacity, metadata: { total: 499 * MiB, free: 70 * MiB } }, limits)).toMatchObject({
    state: "nearly_full",
    what: "metadata",
  });
  expect(poolRoom({ ...capacity, metadata: { total: 499 * MiB, free: 400 * MiB } }, limits).what).toBeUndefined();
});

it("names the disk below it where that is what is full", () => {
  const backing = { mountpoint: "/var", free: 10 * MiB };
  const room = poolRoom({ total: 100 * GiB, free: 10 * MiB, backing }, limits);
  expect(room).toMatchObject({ state: "full", what: "backing", backing: { mountpoint: "/var", free_bytes: 10 * MiB } });
  expect(room.advice).toContain("disk mounted at /var");
  expect(room.advice).not.toContain("pool grow'");
  const data = poolRoom({ total: 100 * GiB, free: 10 * MiB, backing: { ...backing, free: GiB } }, limits);
  expect(data).toMatchObject({ state: "full", what: "data", advice: expect.stringContaining("pool grow") });
});

it("is read-only before it is anything else, and says the way out", () => {
  const room = poolRoom({ total: 100 * GiB, free: 0, readOnly: "Mount it again." }, limits);
  expect(room).toMatchObject({ state: "read_only", advice: "Mount it again." });
  expect(room.what).toBeUndefined();
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
  const pool: Mutable<Capacity> = { total: 100 * GiB, free: 100 * GiB };
  const clock = new ManualClock();
  const events = { publish: ({ type, data }: NewEvent) => told.push([type, data?.state]) };
  const settings = { pool: limits } as Settings;
  const storage = { capacity: async () => pool, ...more } as never;
  const writable = () => told.push("writable");
  const watch = new PoolWatch({ storage, clock, log, events, settings, writable });
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

it("is unmounted before it is anything else, and nothing in it is looked at meanwhile", async () => {
  let looks = 0;
  const count = async () => {
    looks += 1;
    return [];
  };
  const { watch, told, pool, clock } = watched({ setAside: count, deleteSetAside: async () => void (await count()) });
  pool.absent = "Mount it.";
  pool.readOnly = "Mount it again.";
  watch.start();
  await clock.advance(60_000);
  expect(told.splice(0)).toEqual(["error", ["pool.changed", "unmounted"]]);
  expect(await watch.describe()).toMatchObject({ state: "unmounted", advice: "Mount it." });
  expect(looks).toBe(0);
  delete pool.absent;
  await clock.advance(30_000);
  expect(told.splice(0)).toEqual(["error", ["pool.changed", "read_only"]]);
  delete pool.readOnly;
  await clock.advance(30_000);
  expect(told.splice(0)).toEqual(["info", ["pool.changed", "ok"], "writable"]);
  expect(looks).toBeGreaterThan(0);
  watch.stop();
});

it("is told of once when it becomes read-only, and once when it can be written again", async () => {
  const { watch, told, pool, clock } = watched();
  watch.start();
  pool.readOnly = "Mount it again.";
  await clock.advance(60_000);
  expect(told.splice(0)).toEqual(["error", ["pool.changed", "read_only"]]);
  delete pool.readOnly;
  await clock.advance(60_000);
  expect(told.splice(0)).toEqual(["info", ["pool.changed", "ok"], "writable"]);
  watch.stop();
});
