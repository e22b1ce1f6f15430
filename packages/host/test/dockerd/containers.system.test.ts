import { readFileSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { EngineProgress, EngineSpec } from "@dockersnap/core";
import { describe, expect, it } from "vitest";
import { isAlive, killProcess } from "../../src/process/identity.ts";
import { run } from "../../src/process/run.ts";
import { Machine, never } from "./machine.ts";
import { reportsOf } from "./reports.ts";

it("keeps containers running while dockerd is killed and comes back, and reports it as a change", async () => {
  await using machine = await Machine.start();
  const reports = reportsOf(machine.engines);
  await machine.engines.start(await machine.prepare("web"), never);
  await reports.changed("web");
  await machine.importImage("web");
  const id = await machine.docker("web", "create", "box", "sleep", "1000");
  await reports.settled("web", () => machine.engines.api("web").startContainer(id));
  const container = await machine.containerProcess("web", id);

  await reports.settled("web", async () => killProcess(machine.dockerd("web"), "SIGKILL"));

  expect(isAlive(container)).toBe(true);
  expect(await machine.engines.state("web")).toBe("running");
  expect(await machine.engines.api("web").containers()).toMatchObject([{ id, state: "running" }]);
  expect(reports.gone).toEqual([]);
});

it("starts a dockerd anew as soon as it ends while its answer is waited for", { timeout: 12_000 }, async () => {
  await using machine = await Machine.start();
  const spec = await machine.prepare("web");
  await machine.engines.start(spec, never);
  await machine.engines.close();
  const dockerd = machine.dockerd("web");
  killProcess(dockerd, "SIGSTOP");
  // One of the daemon that was closed may be left: a dockerd that stands still closes nothing.
  const before = await machine.connectionsTo("web");

  const adopted = machine.nextDaemon().adopt(spec);
  await expect.poll(() => machine.connectionsTo("web")).toBe(before + 1);
  killProcess(dockerd, "SIGKILL");

  expect(await adopted).toBe(true);
  expect(await machine.docker("web", "ps", "--quiet")).toBe("");
});

it("keeps containers and connections while dockerd is away, and has it know what was put into its data-root meanwhile", async () => {
  await using machine = await Machine.start();
  const spec = await machine.prepare("web");
  await machine.engines.start(spec, never);
  await machine.importImage("web");
  const id = await machine.docker("web", "run", "--detach", "box", "sleep", "1000");
  const container = await machine.containerProcess("web", id);
  const startedAt = () => machine.docker("web", "inspect", "--format", "{{.State.StartedAt}}", id);
  const before = await startedAt();

  await machine.engines.detach("web");
  expect(isAlive(container)).toBe(true);
  await mkdir(join(spec.dataRoot, "volumes/new/_data"), { recursive: true });
  await machine.engines.start(spec, never);

  expect(await machine.docker("web", "volume", "ls", "--quiet")).toBe("new");
  expect(await startedAt()).toBe(before);
  expect(await machine.containerProcess("web", id)).toEqual(container);
});

it("stops one container by its own signal and leaves the others alone", async () => {
  await using machine = await Machine.start();
  await machine.engines.start(await machine.prepare("web"), never);
  await machine.importImage("web");
  const says = "trap 'echo bye; exit 0' TERM; while :; do sleep 1000 & wait; done";
  const tidy = await machine.docker("web", "run", "--detach", "box", "sh", "-c", says);
  const other = await machine.docker("web", "run", "--detach", "box", "sleep", "1000");
  const api = machine.engines.api("web");

  await api.stopContainer(tidy, never);
  await api.stopContainer(tidy, never);

  const states = new Map((await api.containers()).map((container) => [container.id, container.state]));
  expect(states).toEqual(
    new Map([
      [tidy, "exited"],
      [other, "running"],
    ]),
  );
  expect(await machine.docker("web", "logs", tidy)).toBe("bye");
});

it("hands containers over to the next daemon as they are", async () => {
  await using machine = await Machine.start();
  const spec = await machine.prepare("web");
  await machine.engines.start(spec, never);
  await machine.importImage("web");
  const id = await machine.docker("web", "run", "--detach", "box", "sleep", "1000");
  const container = await machine.containerProcess("web", id);
  await machine.engines.close();

  const next = machine.nextDaemon();
  expect(await next.adopt(spec)).toBe(true);
  expect(isAlive(container)).toBe(true);
  expect(await machine.containerProcess("web", id)).toEqual(container);
});

it("takes up an engine whose dockerd died while no daemon was there", async () => {
  await using machine = await Machine.start();
  const spec = await machine.prepare("web");
  await machine.engines.start(spec, never);
  await machine.importImage("web");
  const id = await machine.docker("web", "run", "--detach", "box", "sleep", "1000");
  const container = await machine.containerProcess("web", id);
  await machine.engines.close();
  killProcess(machine.dockerd("web"), "SIGKILL");

  const next = machine.nextDaemon();
  expect(await next.adopt(spec)).toBe(true);
  expect(await next.api("web").containers()).toMatchObject([{ id, state: "running" }]);
  expect(isAlive(container)).toBe(true);
});

it("stops containers by their own signals, and restart policies bring them back with the next start", async () => {
  await using machine = await Machine.start();
  const spec = await machine.prepare("web");
  await machine.engines.start(spec, never);
  await machine.importImage("web");
  const says = "trap 'echo bye; exit 0' TERM; while :; do sleep 1000 & wait; done";
  const keep = ["run", "--detach", "--restart", "unless-stopped"];
  const kept = await machine.docker("web", ...keep, "--name", "kept", "box", "sh", "-c", says);
  const plain = await machine.docker("web", "run", "--detach", "box", "sh", "-c", says);
  const stopped = await machine.docker("web", ...keep, "--name", "stopped", "box", "sh", "-c", says);
  await machine.docker("web", "stop", "stopped");

  await machine.engines.stop("web", never);
  expect(machine.leftovers()).toEqual([]);
  await machine.engines.start(spec, never);

  const states = new Map((await machine.engines.api("web").containers()).map(({ id, state }) => [id, state]));
  expect(states).toEqual(
    new Map([
      [kept, "running"],
      [plain, "exited"],
      [stopped, "exited"],
    ]),
  );
  expect(await machine.docker("web", "logs", kept)).toBe("bye");
  expect(await machine.docker("web", "inspect", "--format", "{{.State.ExitCode}}", plain)).toBe("0");
});

it("holds every process of every container still from freeze to thaw", async () => {
  await using machine = await Machine.start();
  await machine.engines.start(await machine.prepare("web"), never);
  await machine.importImage("web");
  const id = await machine.docker("web", "run", "--detach", "box", "sh", "-c", "while :; do :; done");
  const { pid } = await machine.containerProcess("web", id);
  const state = () => readFileSync(`/proc/${pid}/stat`, "utf8").replace(/^.*\) /, "")[0];
  expect(state()).toBe("R");

  await machine.engines.freeze("web");
  expect(state()).not.toBe("R");
  expect(await machine.engines.api("web").containers()).toMatchObject([{ id, state: "running" }]);

  await machine.engines.thaw("web");
  expect(state()).toBe("R");
});

it("tells of published ports, labels and mounts", async () => {
  await using machine = await Machine.start();
  await machine.engines.start(await machine.prepare("web"), never);
  await machine.importImage("web");
  const publish = ["--publish", "127.0.0.1:8080:80", "--publish", "53:53/udp", "--expose", "9999"];
  const more = ["--name", "front", "--label", "role=front", "--volume", "data:/data"];
  await machine.docker("web", "run", "--detach", ...publish, ...more, "box", "sleep", "1000");

  const [container] = await machine.engines.api("web").containers();
  expect(container).toMatchObject({ name: "front", image: "box", labels: { role: "front" } });
  expect(container?.mounts).toEqual([
    { type: "volume", source: expect.stringContaining("/volumes/data/_data"), destination: "/data" },
  ]);
  const ports = container?.ports.filter(({ ip }) => !ip.includes(":"));
  expect(ports).toHaveLength(2);
  expect(ports).toContainEqual({ ip: "127.0.0.1", publicPort: 8080, privatePort: 80, protocol: "tcp" });
  expect(ports).toContainEqual({ ip: "0.0.0.0", publicPort: 53, privatePort: 53, protocol: "udp" });
});

it("leaves a running container alone when an engine starts on a copy of its data-root", async () => {
  await using machine = await Machine.start();
  const spec = await machine.prepare("web");
  await machine.engines.start(spec, never);
  await machine.importImage("web");
  const kept = ["run", "--detach", "--restart", "unless-stopped", "--name", "kept"];
  const id = await machine.docker("web", ...kept, "box", "sleep", "1000");
  const copy = join(machine.dir, "pool", "copy");
  await run("btrfs", ["subvolume", "snapshot", spec.dataRoot, copy]);

  await machine.engines.start(await machine.prepare("copy"), never);

  expect(await machine.docker("web", "exec", "kept", "cat", "/proc/1/comm")).toBe("sleep");
  expect(await machine.docker("copy", "exec", "kept", "cat", "/proc/1/comm")).toBe("sleep");
  expect(await machine.engines.api("web").containers()).toMatchObject([{ id, state: "running" }]);
});

it("tells how a container stands: what brings it back, whether it runs, what its health check says", async () => {
  await using machine = await Machine.start();
  await machine.engines.start(await machine.prepare("web"), never);
  await machine.importImage("web");
  const api = machine.engines.api("web");
  const check = ["--health-cmd", "true", "--health-interval", "1s"];
  const well = await machine.docker("web", "run", "--detach", "--restart", "always", ...check, "box", "sleep", "1000");
  const plain = await machine.docker("web", "create", "box", "sleep", "1000");
  await expect.poll(async () => (await api.vitals(well))?.health, { timeout: 20_000 }).toBe("healthy");
  expect(await api.vitals(well)).toMatchObject({ restartPolicy: "always", state: "running", error: "" });
  expect(await api.vitals(plain)).toMatchObject({ restartPolicy: "no", state: "created", health: undefined });
  expect(await api.vitals("f".repeat(64))).toBeUndefined();
});

describe("an engine that takes long to come up", () => {
  /** Five containers that come up with their engine. */
  async function withFive(machine: Machine): Promise<EngineSpec> {
    const spec = await machine.prepare("web");
    await machine.engines.start(spec, never);
    await machine.importImage("web");
    for (let left = 5; left > 0; left -= 1) {
      await machine.docker("web", "run", "--detach", "--restart", "always", "box", "sleep", "1000");
    }
    return spec;
  }

  it("is waited for as long as it gets on, and tells how many of its containers are up", {
    timeout: 300_000,
  }, async () => {
    await using machine = await Machine.start({ startTimeoutMs: 3_000 });
    const spec = await withFive(machine);
    await machine.engines.kill("web");
    const told: EngineProgress[] = [];

    await machine.engines.start({ ...spec, limits: { cpus: 0.1 } }, never, (progress) => told.push(progress));

    expect(told.at(-1)?.of).toBe(5);
    expect(told.length).toBeGreaterThan(3);
    expect(new Set(told.map(({ up }) => up)).size).toBeGreaterThan(1);
    const containers = await machine.engines.api("web").containers();
    expect(containers.map(({ state }) => state)).toEqual(Array(5).fill("running"));
  });

  it("is given up, and nothing of it left, once it does not get on", async () => {
    await using machine = await Machine.start({ startTimeoutMs: 2_000 });
    const spec = await machine.prepare("web");
    await storeWork(spec);
    await mkdir(machine.runDir, { recursive: true });
    const started = machine.engines.start(spec, never);
    const outcome = expect(started).rejects.toMatchObject({
      code: "not_ready",
      message: expect.stringContaining("it has made no progress for 2 seconds"),
    });
    await expect.poll(() => stopped(machine), { interval: 1, timeout: 30_000 }).toBe(true);

    await outcome;
    expect(machine.leftovers()).toEqual([]);
  });

  /**
   * Containers that the engine has to bring up. Without any, an engine on an idle machine gets the same time in all as
   * between two signs of progress, and either bound may end it.
   */
  async function storeWork({ dataRoot }: EngineSpec): Promise<void> {
    for (let left = 20; left > 0; left -= 1) {
      const folder = join(dataRoot, "containers", String(left).padStart(64, "0"));
      await mkdir(folder, { recursive: true });
      await writeFile(join(folder, "hostconfig.json"), JSON.stringify({ RestartPolicy: { Name: "always" } }));
      await writeFile(join(folder, "config.v2.json"), "{}");
    }
  }

  /** Holds the dockerd that is on its way up still, as soon as it is there. */
  function stopped(machine: Machine): boolean {
    try {
      return killProcess(machine.dockerd("web"), "SIGSTOP");
    } catch {
      return false;
    }
  }
});
