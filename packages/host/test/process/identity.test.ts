import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { identify, isAlive, killProcess } from "../../src/process/identity.ts";

it("knows this process by pid and start time", () => {
  const self = identify(process.pid);
  expect(self?.pid).toBe(process.pid);
  expect(self?.startTime).toBeGreaterThan(0);
  expect(self && isAlive(self)).toBe(true);
});

it("says nothing of a pid nobody has", () => {
  expect(identify(0)).toBeUndefined();
  expect(identify(-1)).toBeUndefined();
  expect(identify(2 ** 30)).toBeUndefined();
});

it("reads past a program name with spaces and parentheses", async () => {
  const source = 'process.title = "a) R 1 (b"; process.stdout.write("ready"); setInterval(() => {}, 1e6)';
  const child = spawn(process.execPath, ["-e", source]);
  const over = once(child, "close");
  await once(child.stdout, "data");
  const identity = identify(child.pid ?? 0);
  expect(identity?.startTime).toBeGreaterThan(identify(process.pid)?.startTime ?? 0);
  expect(identity && killProcess(identity, "SIGKILL")).toBe(true);
  await over;
  expect(identity && isAlive(identity)).toBe(false);
  expect(identity && killProcess(identity, "SIGKILL")).toBe(false);
});

it("leaves alone a process that has the pid but not the start time", () => {
  const self = identify(process.pid);
  const stranger = { pid: process.pid, startTime: (self?.startTime ?? 0) + 1 };
  expect(isAlive(stranger)).toBe(false);
  expect(killProcess(stranger, "SIGKILL")).toBe(false);
});

it("counts a zombie as gone", async () => {
  const child = spawn("true");
  const over = once(child, "close");
  const pid = child.pid ?? 0;
  // Node reaps its children from the event loop, so within this turn the child can only become a zombie.
  const deadline = performance.now() + 5_000;
  while (identify(pid) !== undefined && performance.now() < deadline);
  expect(readFileSync(`/proc/${pid}/stat`, "utf8")).toContain(") Z ");
  expect(identify(pid)).toBeUndefined();
  await over;
});
