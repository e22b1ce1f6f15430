import { DockersnapError } from "@dockersnap/contract";
import { expect, it } from "vitest";
import type { Clock } from "../../src/platform/clock.ts";
import type { Log } from "../../src/platform/log.ts";
import { removeExpired } from "../../src/snapshot/expiry.ts";
import { MemoryRecords } from "../../src/testing.ts";

const log: Log = { debug() {}, info() {}, warn() {}, error() {}, child: () => log };
const clock: Clock = { now: () => new Date("2026-01-02T00:00:00Z"), monotonic: () => 0, after: () => () => undefined };

function records(): MemoryRecords {
  const all = new MemoryRecords();
  all.instances.insert({
    name: "web",
    subnetIndex: 0,
    createdAt: "2026-01-01T00:00:00Z",
    phase: "ready",
    desired: "running",
    cloneOf: undefined,
    head: undefined,
    workload: undefined,
    labels: {},
    limits: undefined,
    problem: undefined,
  });
  const add = (label: string, expiresAt: string | undefined, isProtected = false) =>
    all.snapshots.insert({
      instance: "web",
      label,
      createdAt: "2026-01-01T00:00:00Z",
      mode: "live",
      tags: {},
      parent: undefined,
      protected: isProtected,
      expiresAt,
      freezeMs: undefined,
      atomicMs: undefined,
      notCaptured: [],
    });
  add("forever", undefined);
  add("over", "2026-01-01T23:59:59.000Z");
  add("protected", "2026-01-01T23:59:59.000Z", true);
  add("not-yet", "2026-01-02T00:00:01.000Z");
  add("over-too", "2026-01-01T00:00:00.000Z");
  return all;
}

it("removes what is over, and neither what is protected nor what has time left", async () => {
  const asked: unknown[] = [];
  const begin = async (kind: string, input: unknown) => {
    asked.push([kind, input]);
    return { id: "op-1", done: Promise.resolve({} as never) };
  };
  await removeExpired({ platform: { records: records(), clock, log }, operations: { begin } });
  expect(asked).toEqual([
    ["remove-snapshot", { name: "web", label: "over" }],
    ["remove-snapshot", { name: "web", label: "over-too" }],
  ]);
});

it("leaves the snapshots of a busy instance for the next time and goes on", async () => {
  const asked: unknown[] = [];
  const begin = async (_kind: string, input: unknown) => {
    asked.push(input);
    throw new DockersnapError("busy", "Instance 'web' is busy.");
  };
  await removeExpired({ platform: { records: records(), clock, log }, operations: { begin } });
  expect(asked).toHaveLength(2);
});
