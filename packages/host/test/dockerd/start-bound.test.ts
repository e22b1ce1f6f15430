import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { longestStart, StartBound } from "../../src/dockerd/start-bound.ts";
import { startWorkOf } from "../../src/dockerd/start-work.ts";
import { identify } from "../../src/process/identity.ts";

const usual = { timeoutMs: 60_000, work: { containers: 0, ports: 0 }, cpus: undefined, load: 0.1 };

it.each([
  ["an empty engine on an idle machine", {}, 60_000],
  ["its containers", { work: { containers: 10, ports: 0 } }, 110_000],
  ["its published ports", { work: { containers: 1, ports: 500 } }, 565_000],
  ["its CPU limit", { cpus: 0.05, work: { containers: 5, ports: 0 } }, 1_700_000],
  ["a limit above one processor", { cpus: 4 }, 60_000],
  ["the load of the machine", { load: 3 }, 180_000],
])("the longest start follows %s", (_, change, expected) => {
  expect(longestStart({ ...usual, ...change })).toBeCloseTo(expected);
});

describe("what an engine has to bring up", () => {
  it.each([
    ["always, stopped by a person", { RestartPolicy: { Name: "always" } }, { HasBeenManuallyStopped: true }, 1],
    ["unless-stopped", { RestartPolicy: { Name: "unless-stopped" } }, {}, 1],
    ["unless-stopped, and stopped", { RestartPolicy: { Name: "unless-stopped" } }, { HasBeenManuallyStopped: true }, 0],
    ["on-failure, running", { RestartPolicy: { Name: "on-failure" } }, { State: { Running: true } }, 1],
    ["on-failure, ended", { RestartPolicy: { Name: "on-failure" } }, { State: { Running: false } }, 0],
    ["no policy", { RestartPolicy: { Name: "no" } }, { State: { Running: true } }, 0],
    ["a file that is not what Docker writes", { RestartPolicy: 7 }, {}, 0],
  ])("counts a container with %s", async (_, host, container, expected) => {
    const dataRoot = await folder();
    await store(dataRoot, "one", host, container);
    expect((await startWorkOf(dataRoot)).containers).toBe(expected);
  });

  it("counts the ports of these containers", async () => {
    const dataRoot = await folder();
    const bindings = { "80/tcp": [{ HostPort: "80" }, { HostPort: "81" }], "53/udp": [{ HostPort: "53" }] };
    await store(dataRoot, "one", { RestartPolicy: { Name: "always" }, PortBindings: bindings }, {});
    await store(dataRoot, "two", { RestartPolicy: { Name: "no" }, PortBindings: bindings }, {});
    expect(await startWorkOf(dataRoot)).toEqual({ containers: 1, ports: 3 });
  });

  it("is nothing for a new one", async () => {
    expect(await startWorkOf("/nonexistent")).toEqual({ containers: 0, ports: 0 });
  });
});

describe("the bound on a start", () => {
  /** The bound on an engine that tells this of itself at each look, and how often it was looked at. */
  function boundOn(timeoutMs: number, tell: (look: number) => { containers: number; cpuSeconds: number }) {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
    onTestFinished(() => void vi.useRealTimers());
    let looks = 0;
    const activity = async () => ({ cpus: undefined, ...tell(++looks) });
    const init = identify(process.pid);
    if (init === undefined) throw new Error("This process has no identity.");
    const bound = new StartBound({ name: "web", group: { activity } as never }, init, { timeoutMs });
    onTestFinished(() => bound[Symbol.dispose]());
    return { bound, looks: () => looks };
  }
  /** Time passes only while the bound waits for its next look, so what a look itself takes does not count. */
  async function over({ signal }: StartBound): Promise<unknown> {
    while (!signal.aborted) {
      if (vi.getTimerCount() > 0) vi.advanceTimersToNextTimer();
      await setImmediate();
    }
    return signal.reason;
  }

  it("ends one that makes no progress", async () => {
    const { bound } = boundOn(20, () => ({ containers: 0, cpuSeconds: 0 }));
    expect(await over(bound)).toMatchObject({
      code: "not_ready",
      message: expect.stringMatching(/^The engine of 'web' did not start: it has made no progress for .* seconds\./),
    });
  });

  it("ends one that only takes processor time when that is longer than all it has to do", async () => {
    const { bound, looks } = boundOn(20, (look) => ({ containers: 0, cpuSeconds: look }));
    expect(await over(bound)).toMatchObject({ message: expect.stringContaining("it has not come up within") });
    expect(looks()).toBeGreaterThan(1);
  });

  it("is renewed by each container that comes up", async () => {
    const { bound, looks } = boundOn(50, (look) => ({ containers: Math.min(look, 30), cpuSeconds: 0 }));
    await over(bound);
    expect(looks()).toBeGreaterThan(30);
  });
});

async function folder(): Promise<string> {
  const made = await mkdtemp(join(tmpdir(), "dst-"));
  onTestFinished(() => rm(made, { recursive: true }));
  return made;
}

async function store(dataRoot: string, id: string, host: unknown, container: unknown): Promise<void> {
  const own = join(dataRoot, "containers", id);
  await mkdir(own, { recursive: true });
  await writeFile(join(own, "hostconfig.json"), JSON.stringify(host));
  await writeFile(join(own, "config.v2.json"), JSON.stringify(container));
}
