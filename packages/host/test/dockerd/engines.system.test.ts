import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync } from "node:fs";
import { mkdir, readFile, watch, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { expect, it } from "vitest";
import { isAlive, killProcess } from "../../src/process/identity.ts";
import { run } from "../../src/process/run.ts";
import { Machine, never } from "./machine.ts";

it("leaves the data-root to whoever comes next as soon as a kill resolves", async () => {
  await using machine = await Machine.start();
  const spec = await machine.prepare("web");
  const shims = readdirSync("/run/containerd");
  await machine.engines.start(spec, never);
  await machine.importImage("web");
  await machine.docker("web", "run", "--detach", "box", "sleep", "1000");
  const init = machine.init("web");

  await machine.engines.kill("web");

  expect(isAlive(init)).toBe(false);
  expect(machine.leftovers()).toEqual([]);
  expect(readdirSync("/run/containerd")).toEqual(shims);
  await run("btrfs", ["subvolume", "delete", spec.dataRoot]);
});

it("does not start on a dataset that is gone, and makes nothing in its place", async () => {
  await using machine = await Machine.start();
  const spec = await machine.prepare("web");
  await run("btrfs", ["subvolume", "delete", spec.dataRoot]);
  await expect(machine.engines.start(spec, never)).rejects.toMatchObject({ code: "wrong_state" });
  expect(existsSync(spec.dataRoot)).toBe(false);
  expect(machine.leftovers()).toEqual([]);
});

it("kills an engine with a paused container and frozen ones", async () => {
  await using machine = await Machine.start();
  await machine.engines.start(await machine.prepare("web"), never);
  await machine.importImage("web");
  await machine.docker("web", "run", "--detach", "--name", "paused", "box", "sleep", "1000");
  await machine.docker("web", "run", "--detach", "box", "sleep", "1000");
  await machine.docker("web", "pause", "paused");
  await machine.engines.freeze("web");

  await machine.engines.kill("web");

  expect(machine.leftovers()).toEqual([]);
});

it("kills what has joined some of its control groups' hierarchies and not yet the others", async () => {
  await using machine = await Machine.start();
  await machine.engines.start(await machine.prepare("web"), never);
  const onItsWay = spawn("sleep", ["1000"]);
  const ended = once(onItsWay, "exit");
  await writeFile(machine.groupFile("web", "cpu", "engine/cgroup.procs"), String(onItsWay.pid));

  await machine.engines.kill("web");

  expect((await ended)[1]).toBe("SIGKILL");
  expect(machine.leftovers()).toEqual([]);
});

it("clears away an engine whose record was never written", async () => {
  await using machine = await Machine.start();
  const spec = await machine.prepare("web");
  await machine.engines.start(spec, never);
  const init = machine.init("web");
  await run("rm", [join(machine.runDir, "web", "sandbox.json"), machine.engines.pidFile("web")]);
  await machine.engines.close();

  const next = machine.nextDaemon();
  expect(await next.list()).toEqual(["web"]);
  expect(await next.state("web")).toBe("dead");
  expect(await next.adopt(spec)).toBe(false);
  await next.start(spec, never);

  expect(isAlive(init)).toBe(false);
  expect(await next.state("web")).toBe("running");
});

it("does not list the living engine of a daemon with another run folder", async () => {
  await using machine = await Machine.start();
  await machine.engines.start(await machine.prepare("web"), never);
  const other = machine.nextDaemon({ runDir: join(machine.dir, "other") });

  expect(await other.list()).toEqual([]);
});

it("does not list the groups of an engine that another daemon is about to start again", async () => {
  await using machine = await Machine.start();
  const spec = await machine.prepare("web");
  await machine.engines.start(spec, never);
  const runDir = join(machine.dir, "other");
  const others = machine.nextDaemon({ runDir, isAnothers: (name) => name === "web" });
  const nobodys = machine.nextDaemon({ runDir });
  killProcess(machine.init("web"), "SIGKILL");

  await expect.poll(() => nobodys.list()).toEqual(["web"]);
  expect(await others.list()).toEqual([]);
});

it("leaves nothing of a start that is cancelled on the way", async () => {
  await using machine = await Machine.start();
  const spec = await machine.prepare("web");
  const cancelled = new AbortController();
  await mkdir(machine.runDir);
  const seen = untilPresent(machine.engines.pidFile("web"));
  const started = machine.engines.start(spec, cancelled.signal);
  const outcome = expect(started).rejects.toMatchObject({ code: "cancelled" });
  await seen;
  cancelled.abort();

  await outcome;
  expect(machine.leftovers()).toEqual([]);
});

it("says what dockerd said when it does not come up, and leaves nothing", async () => {
  await using machine = await Machine.start();
  const spec = await machine.prepare("web");
  await writeFile(join(spec.dataRoot, "containers"), "not a folder");

  await expect(machine.engines.start(spec, never)).rejects.toMatchObject({
    code: "not_ready",
    message: expect.stringMatching(/^The engine of 'web' did not come up: dockerd ended with code 1: .*containers/),
  });
  expect(machine.leftovers()).toEqual([]);
});

it("says so when dockerd cannot be run at all", async () => {
  await using machine = await Machine.start({ dockerBinary: "/nonexistent/dockerd" });
  await expect(machine.engines.start(await machine.prepare("web"), never)).rejects.toMatchObject({
    code: "not_ready",
    message: expect.stringContaining("/nonexistent/dockerd"),
  });
});

it("refuses a run folder whose sockets would have too long a path", async () => {
  await using machine = await Machine.start({ runDir: `/tmp/${"x".repeat(100)}` });
  await expect(machine.engines.start(await machine.prepare("web"), never)).rejects.toMatchObject({
    code: "invalid_request",
    message: expect.stringContaining("shorter by"),
  });
});

it("bounds memory, processors and processes of the whole engine", async () => {
  await using machine = await Machine.start();
  const limits = { memory: 512 * 1024 * 1024, cpus: 1.5, pids: 1000 };
  await machine.engines.start(await machine.prepare("web", { limits }), never);
  const read = async (controller: string, ...files: string[]) => {
    const file = files.map((name) => machine.groupFile("web", controller, name)).find((path) => existsSync(path));
    return (await readFile(file ?? "", "utf8")).trim();
  };
  expect(await read("memory", "memory.limit_in_bytes", "memory.max")).toBe(String(limits.memory));
  expect(await read("cpu", "cpu.cfs_quota_us", "cpu.max")).toMatch(/^150000( 100000)?$/);
  expect(await read("pids", "pids.max")).toBe("1000");
});

it("shows the instance's resolv.conf inside and leaves the host's as it is", async () => {
  await using machine = await Machine.start();
  const resolvConf = join(machine.dir, "resolv.conf");
  await writeFile(resolvConf, "nameserver 192.0.2.53\n");
  const before = await readFile("/etc/resolv.conf", "utf8");
  await machine.engines.start(await machine.prepare("web", { resolvConf }), never);

  expect(await readFile(`/proc/${machine.init("web").pid}/root/etc/resolv.conf`, "utf8")).toBe(
    "nameserver 192.0.2.53\n",
  );
  expect(await readFile("/etc/resolv.conf", "utf8")).toBe(before);
});

it("keeps the daemon's environment from dockerd, and gives it the proxy", async () => {
  process.env.DST_SECRET = "secret";
  try {
    await using machine = await Machine.start({ proxy: { https: "http://192.0.2.1:3128", noProxy: "localhost" } });
    await machine.engines.start(await machine.prepare("web"), never);
    const dockerd = machine.dockerd("web");
    const environment = (await readFile(`/proc/${dockerd.pid}/environ`, "utf8")).split("\0");
    expect(environment).toContain("HTTPS_PROXY=http://192.0.2.1:3128");
    expect(environment).toContain("NO_PROXY=localhost");
    expect(environment.filter((line) => line.startsWith("DST_SECRET"))).toEqual([]);
  } finally {
    delete process.env.DST_SECRET;
  }
});

it("has what containerd leaves behind with the engine, and away with it", async () => {
  await using machine = await Machine.start();
  await machine.engines.start(await machine.prepare("web"), never);
  killProcess(machine.containerd("web"), "SIGUSR1");
  const left = () => readdirSync(join(machine.runDir, "web")).filter((name) => name.endsWith(".stacks.log"));
  await expect.poll(left).toHaveLength(1);
  await machine.engines.kill("web");
  expect(machine.leftovers()).toEqual([]);
});

async function untilPresent(file: string): Promise<void> {
  const seen = new AbortController();
  try {
    for await (const { filename } of watch(dirname(file), { signal: seen.signal })) {
      if (filename === basename(file)) return;
    }
  } finally {
    seen.abort();
  }
}
