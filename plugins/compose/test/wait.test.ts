import { expect, test } from "vitest";
import type { ServiceContainer } from "../engine/container.ts";
import type { ProjectEngine } from "../engine/project-engine.ts";
import { untilUp } from "../engine/wait.ts";
import type { Changes } from "../engine/watch.ts";
import { container } from "./container.ts";

const never = new AbortController().signal;

/** An engine whose containers are in the next of these states each time somebody looks. */
function engine(...states: ServiceContainer[][]): ProjectEngine & Changes {
  let looks = 0;
  return {
    count: 0,
    containers: async () => states[Math.min(looks++, states.length - 1)] ?? [],
    // The state changes whenever somebody waits for it, until there is no other.
    after: async (_count, signal) => {
      signal.throwIfAborted();
      if (looks >= states.length)
        await new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
    },
    image: async () => ({ entrypoint: [], command: [], exposes: false }),
    setRestartPolicy: async () => undefined,
    lastWords: async () => "no database",
  };
}

const starting = container({ health: "starting" });
const healthy = container({ health: "healthy" });

test("it is over when everything is up or finished", async () => {
  const done = [healthy, container({ service: "migrate", role: "job", state: "exited" })];
  const restarting = container({ state: "restarting", restartPolicy: "always" });
  const world = engine([starting], [restarting], done);
  expect(await untilUp(world, world, { timeout: 60, settle: 0 }, never)).toEqual(done);
});

test("a container that is down for good ends it, with its last words", async () => {
  const world = engine([starting, container({ service: "db", number: 2, state: "exited", exitCode: 1 })]);
  await expect(untilUp(world, world, { timeout: 60, settle: 0 }, never)).rejects.toMatchObject({
    code: "plugin_failed",
    message: "A service is not up. db#2: ended with exit code 1 (its log ends: no database).",
  });
});

test("a health check that fails ends it", async () => {
  const world = engine([starting], [container({ health: "unhealthy", lastProbe: "refused" })]);
  await expect(untilUp(world, world, { timeout: 60, settle: 0 }, never)).rejects.toThrow(
    "web: its health check fails: refused",
  );
});

test("the time is limited, and what is still awaited is named", async () => {
  const world = engine([starting, healthy]);
  await expect(untilUp(world, world, { timeout: 0.01, settle: 0 }, never)).rejects.toThrow(
    "A service is not up after 0.01 s (wait_timeout). web: its health check has not passed yet (its log ends: no database).",
  );
});

test("a service that ends again and again is never up, though it runs whenever somebody looks", async () => {
  const runs = (restartCount: number) => container({ restartCount, startedAt: Date.now(), restartPolicy: "always" });
  const world = engine([runs(0)], [runs(1)], [runs(2)]);
  await expect(untilUp(world, world, { timeout: 0.2, settle: 0.1 }, never)).rejects.toThrow(
    "A service is not up after 0.2 s (wait_timeout). web: ended and was started again, 2 times so far",
  );
});

test("a service without a health check has to run for a moment", async () => {
  const fresh = container({ startedAt: Date.now() });
  const world = engine([fresh]);
  expect(await untilUp(world, world, { timeout: 60, settle: 0.05 }, never)).toEqual([fresh]);
  expect(Date.now() - fresh.startedAt).toBeGreaterThanOrEqual(50);
});

test("a cancelled command waits no longer", async () => {
  const world = engine([starting]);
  const cancel = new AbortController();
  const waiting = untilUp(world, world, { timeout: 60, settle: 0 }, cancel.signal);
  cancel.abort(new Error("cancelled"));
  await expect(waiting).rejects.toThrow("cancelled");
});
