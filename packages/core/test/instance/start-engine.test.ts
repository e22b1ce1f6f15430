import { expect, it } from "vitest";
import { findInstance, StartGate } from "../../src/index.ts";
import { startEngine } from "../../src/instance/start-engine.ts";
import { World } from "../world.ts";

it("says what a start waits for, once each, and that it gets on", async () => {
  const world = new World();
  await world.did("create", { name: "web" });
  const { context } = world.daemon;
  const clock = { ...world.clock, after: () => () => undefined };
  const machine = { processors: 1, look: () => ({ idle: 0, availableMemory: 0 }) };
  const starts = new StartGate({ clock, machine });
  const first = Promise.withResolvers<void>();
  const signal = new AbortController().signal;
  const ended = starts.pass({ group: "other", signal, waits: () => undefined }, () => first.promise);

  const told: unknown[] = [];
  let steps = 0;
  const report = ({ message }: { message?: string | undefined }) => told.push(message);
  const getsOn = () => (steps += 1);
  const started = startEngine({ ...context, starts }, findInstance(world.records, "web"), { signal, report, getsOn });
  expect(told).toEqual(["waiting for another engine to start"]);
  expect(steps).toBeGreaterThan(0);

  first.resolve();
  await Promise.all([ended, started]);
  expect(await world.engines.state("web")).toBe("running");
});
