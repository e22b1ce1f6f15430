import { existsSync, readdirSync, readFileSync } from "node:fs";
import { mkdir, readdir, rename } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { setSocket } from "../../src/dockerd/configuration.ts";
import { moveEngineFiles } from "../../src/dockerd/rename.ts";
import { runtimeFiles } from "../../src/dockerd/runtime-files.ts";
import { isAlive, killProcess } from "../../src/process/identity.ts";
import { Machine, never } from "./machine.ts";
import { reportsOf } from "./reports.ts";

const long = ["box", "sleep", "1000"];

/** An engine `waiting` with a container that has a volume, held still. */
async function waitingEngine(machine: Machine) {
  const spec = await machine.prepare("waiting");
  await machine.engines.start(spec, never);
  await machine.importImage("waiting");
  const kept = ["--name", "kept", "--restart", "unless-stopped", "--volume", "data:/data"];
  const id = await machine.docker("waiting", "run", "--detach", ...kept, ...long);
  await machine.docker("waiting", "exec", "kept", "sh", "-c", "echo before >/data/word");
  const container = await machine.containerProcess("waiting", id);
  await machine.engines.suspend("waiting");
  return { spec, id, container };
}

/** What a caller does besides: the dataset is called by the new name, the namespace stays. */
async function takeAs(machine: Machine, spec: Awaited<ReturnType<Machine["prepare"]>>) {
  const renamed = { ...spec, name: "web", dataRoot: join(machine.dir, "pool", "web") };
  await rename(spec.dataRoot, renamed.dataRoot);
  await machine.engines.rename("waiting", renamed);
  return renamed;
}

it("uses no processor while it is held still, dockerd and containers alike", async () => {
  await using machine = await Machine.start();
  const { container } = await waitingEngine(machine);
  const used = () =>
    [container, machine.init("waiting"), machine.dockerd("waiting")].map(({ pid }) =>
      readFileSync(`/proc/${pid}/stat`, "utf8")
        .replace(/^.*\) /, "")
        .split(" ")
        .slice(11, 13),
    );
  const before = used();
  killProcess(machine.dockerd("waiting"), "SIGHUP");
  await expect(machine.docker("web", "version")).rejects.toThrow();
  expect(used()).toEqual(before);
});

it("lets processes and data live on under the new name, and makes new containers there", async () => {
  await using machine = await Machine.start();
  const { spec, id, container } = await waitingEngine(machine);
  const renamed = await takeAs(machine, spec);
  await machine.engines.resume("web");

  expect(isAlive(container)).toBe(true);
  expect(await machine.engines.api("web").containers()).toMatchObject([{ id, state: "running" }]);
  expect(await machine.docker("web", "exec", "kept", "cat", "/data/word")).toBe("before");
  await machine.docker("web", "run", "--volume", "data:/data", "box", "sh", "-c", "echo after >/data/word");
  expect(readFileSync(join(renamed.dataRoot, "volumes/data/_data/word"), "utf8")).toBe("after\n");
  await machine.docker("web", "restart", "--time", "0", "kept");
  expect(existsSync(spec.dataRoot)).toBe(false);
  expect(readdirSync(machine.runDir).sort()).toEqual(["web", "web.pid", "web.sock"]);
});

it("brings a dockerd back that ends after the rename, where the new name's callers find it", async () => {
  await using machine = await Machine.start();
  const { spec, id, container } = await waitingEngine(machine);
  await takeAs(machine, spec);
  const reports = reportsOf(machine.engines);
  await machine.engines.resume("web");
  await reports.changed("web");

  await reports.settled("web", async () => killProcess(machine.dockerd("web", "waiting"), "SIGKILL"));

  expect(isAlive(container)).toBe(true);
  expect(await machine.engines.api("web").containers()).toMatchObject([{ id, state: "running" }]);
});

it("is an engine like any other after its next start", async () => {
  await using machine = await Machine.start();
  const { spec, id } = await waitingEngine(machine);
  const renamed = await takeAs(machine, spec);
  await machine.engines.resume("web");
  await machine.engines.stop("web", never);
  expect(machine.leftovers()).toEqual([]);

  await machine.engines.start(renamed, never);

  expect(await machine.engines.api("web").containers()).toMatchObject([{ id, state: "running" }]);
  expect(await machine.docker("web", "exec", "kept", "cat", "/data/word")).toBe("before");
  expect(existsSync(machine.groupFile("web", "memory", "engine"))).toBe(true);
});

it("lets nobody start an engine under a name that a renamed one still holds", async () => {
  await using machine = await Machine.start();
  const { spec, container } = await waitingEngine(machine);
  await takeAs(machine, spec);

  await expect(machine.engines.start(await machine.prepare("waiting"), never)).rejects.toMatchObject({
    code: "already_exists",
    message: expect.stringContaining("'web' was started as 'waiting'"),
  });
  expect(isAlive(container)).toBe(true);
});

it("has its files moved to another run folder as it runs, also after half of them were, and a dockerd that ends comes back there", async () => {
  await using machine = await Machine.start();
  const spec = await machine.prepare("web");
  await machine.engines.start(spec, never);
  await machine.importImage("web");
  const id = await machine.docker("web", "run", "--detach", "box", "sleep", "1000");
  const container = await machine.containerProcess("web", id);
  const dockerd = machine.dockerd("web");
  await machine.engines.close();

  const to = join(machine.dir, "run-after");
  await mkdir(to);
  const [before, after] = [runtimeFiles(machine.runDir, "web"), runtimeFiles(to, "web")];
  await setSocket(before, after.socket);
  await rename(before.folder, after.folder);
  await moveEngineFiles("web", machine.runDir, to);
  await moveEngineFiles("web", machine.runDir, to);
  killProcess(dockerd, "SIGKILL");

  const next = machine.nextDaemon({ runDir: to });
  expect(await next.adopt(spec)).toBe(true);
  expect(await next.api("web").containers()).toMatchObject([{ id, state: "running" }]);
  expect(isAlive(container)).toBe(true);
  expect(machine.leftovers().filter((line) => line.startsWith(`${machine.runDir}/`))).toEqual([]);
  await next.kill("web");
  expect(await readdir(to)).toEqual([]);
});
