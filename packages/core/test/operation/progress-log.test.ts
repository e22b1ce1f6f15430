import type { ProgressEvent } from "@dockersnap/contract/words";
import { describe, expect, it } from "vitest";
import { EndedLogs } from "../../src/operation/ended-logs.ts";
import { ProgressLog } from "../../src/operation/progress-log.ts";

const never = new AbortController().signal;
const complete = { step: "complete", status: "done" } as const;
const numbered = (number: number): ProgressEvent => ({ step: `s${number}`, status: "running" });

async function steps(log: ProgressLog): Promise<string[]> {
  const seen: string[] = [];
  for await (const event of log.follow(never)) seen.push(event.step);
  return seen;
}

describe("the progress of one operation", () => {
  it("is kept whole up to its bounds", async () => {
    const log = new ProgressLog();
    const all = Array.from({ length: 1_000 }, (_, number) => numbered(number));
    for (const event of all) log.push(event);
    log.end(complete);
    expect(await steps(log)).toEqual([...all.map(({ step }) => step), "complete"]);
  });

  it("beyond them keeps the first and the newest, and says how many were dropped", async () => {
    const log = new ProgressLog({ first: 100, last: 200 });
    for (let number = 0; number < 100_000; number += 1) log.push(numbered(number));
    log.end(complete);
    expect(log.size).toBeLessThanOrEqual(300);
    const events = await Array.fromAsync(log.follow(never));
    const gap = events.findIndex(({ step }) => step === "progress");
    expect(events.slice(0, gap).map(({ step }) => step)).toEqual(["s0", "s1", "s2"]);
    expect(events.at(-2)?.step).toBe("s99999");
    expect(events[gap]?.message).toMatch(/^\d+ events are no longer kept/);
    expect(events.length - 1 + Number(events[gap]?.omitted)).toBe(100_001);
  });

  it("reaches whoever keeps up in full, one large event included", async () => {
    const log = new ProgressLog({ first: 100, last: 200 });
    const follower = log.follow(never);
    for (let number = 0; number < 100; number += 1) {
      log.push(numbered(number));
      expect((await follower.next()).value).toEqual(numbered(number));
    }
    const large = { ...numbered(100), message: "x".repeat(10_000) };
    log.push(large);
    expect((await follower.next()).value).toEqual(large);
    log.end(complete);
    expect((await follower.next()).value).toEqual(complete);
    expect(log.size).toBeLessThanOrEqual(300);
  });
});

it("progress of many ended operations is bounded together: the oldest goes first", () => {
  const logs = new EndedLogs();
  const filled = (id: string) => {
    const log = new ProgressLog();
    for (let number = 0; number < 300; number += 1) log.push({ ...numbered(number), message: "x".repeat(1_000) });
    log.end(complete);
    logs.add(id, log);
    return log.size;
  };
  const ids = Array.from({ length: 100 }, (_, number) => `op-${number}`);
  for (const id of ids) filled(id);
  const kept = ids.filter((id) => logs.get(id) !== undefined);
  expect(kept).toEqual(ids.slice(-kept.length));
  expect(kept.reduce((sum, id) => sum + (logs.get(id)?.size ?? 0), 0)).toBeLessThanOrEqual(8 * 1_048_576);
  expect(kept.length).toBeGreaterThan(20);
});
