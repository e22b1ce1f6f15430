import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import type { Log } from "@dockersnap/core";
import { expect, it } from "vitest";
import { isAlive } from "../../src/process/identity.ts";
import { Machine, never } from "./machine.ts";

const MiB = 1024 ** 2;

const score = (pid: number) => Number(readFileSync(`/proc/${pid}/oom_score_adj`, "utf8"));

/** Inside another container, root may not lower it. */
function mayLowerScores(): boolean {
  try {
    execFileSync("sh", ["-c", "echo -500 >/proc/self/oom_score_adj"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

it.runIf(mayLowerScores())(
  "spares dockerd, containerd and the sandbox when memory runs out, and no container",
  async () => {
    await using machine = await Machine.start();
    await machine.engines.start(await machine.prepare("web"), never);
    await machine.importImage("web");
    const id = await machine.docker("web", "run", "--detach", "box", "sleep", "1000");
    expect(score(machine.dockerd("web").pid)).toBe(-500);
    expect(score(machine.containerd("web").pid)).toBe(-500);
    expect(score(machine.init("web").pid)).toBe(-999);
    expect(score((await machine.containerProcess("web", id)).pid)).toBe(0);
  },
);

it.runIf(!mayLowerScores())("starts engines where it may not spare them, and says so once", async () => {
  const told: string[] = [];
  const log: Log = { debug() {}, info() {}, warn: (message) => told.push(message), error() {}, child: () => log };
  await using machine = await Machine.start({ log });
  for (const name of ["one", "two"]) await machine.engines.start(await machine.prepare(name), never);
  expect(told).toEqual([expect.stringContaining("CAP_SYS_RESOURCE")]);
});

it("ends the container that takes too much memory, and never the engine", async () => {
  await using machine = await Machine.start();
  await machine.engines.start(await machine.prepare("web", { limits: { memory: 192 * MiB } }), never);
  await machine.importImage("web");
  const dockerd = machine.dockerd("web");
  const containerd = machine.containerd("web");
  for (let round = 0; round < 5; round += 1) {
    const greedy = machine.docker("web", "run", "--rm", "box", "sh", "-c", "exec /bin/busybox tail /dev/zero");
    await expect(greedy).rejects.toMatchObject({ exitCode: 137 });
    expect(isAlive(dockerd)).toBe(true);
    expect(isAlive(containerd)).toBe(true);
  }
});
