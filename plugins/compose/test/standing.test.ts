import { expect, test } from "vitest";
import type { Runs, ServiceContainer } from "../engine/container.ts";
import { readLog } from "../engine/log.ts";
import { fittingPolicy } from "../engine/restart-policy.ts";
import { standingOf } from "../engine/standing.ts";
import { container } from "./container.ts";

test.each<[Partial<ServiceContainer>, string, string]>([
  [{}, "up", "running"],
  [{ health: "healthy" }, "up", "healthy"],
  [{ health: "starting" }, "starting", "its health check has not passed yet"],
  [{ health: "unhealthy", lastProbe: "no\nanswer" }, "down", "its health check fails: no answer"],
  [{ health: "unhealthy" }, "down", "its health check fails"],
  [{ state: "paused" }, "down", "paused"],
  [{ state: "restarting", exitCode: 3 }, "restarting", "restarting again and again: it ended with exit code 3"],
  [{ state: "created" }, "down", "was never started"],
  [{ state: "created", error: "no such file" }, "down", "could not be started: no such file"],
  [{ state: "exited" }, "down", "ended with exit code 0"],
  [{ state: "exited", role: "job" }, "finished", "finished"],
  [{ state: "exited", role: "either" }, "finished", "finished"],
  [{ state: "exited", role: "job", exitCode: 1 }, "down", "ended with exit code 1"],
  [{ state: "dead" }, "down", "is dead"],
])("a container that is %o is %s: %s", (facts, kind, message) => {
  expect(standingOf(container(facts))).toEqual({ kind, message });
});

const redis: Runs = { entrypoint: ["docker-entrypoint.sh"], command: ["redis-server"], exposes: true };
const node: Runs = { entrypoint: [], command: ["npm", "start"], exposes: true };
const either = { role: "either" } as const;

test.each<[string, Partial<ServiceContainer>, Runs, string | undefined]>([
  ["a server", {}, node, "unless-stopped"],
  ["an image's own server", { ...either, runs: redis }, redis, "unless-stopped"],
  ["it with options", { ...either, runs: { ...redis, command: ["--appendonly"] } }, redis, "unless-stopped"],
  ["it with its name", { ...either, runs: { ...redis, command: ["redis-server", "/c"] } }, redis, "unless-stopped"],
  ["another entrypoint", { ...either, runs: { ...redis, entrypoint: ["sh"] } }, redis, "on-failure"],
  ["another script", { ...either, runs: { ...node, command: ["npm", "run", "seed"] } }, node, "on-failure"],
  ["what offers no port", { ...either, runs: node }, { ...node, exposes: false }, "on-failure"],
  ["a job", { role: "job" }, node, undefined],
  ["what has ended", { ...either, state: "exited", runs: redis }, redis, undefined],
])("%s is restarted accordingly", (_what, facts, image, policy) => {
  expect(fittingPolicy(container(facts), image)).toBe(policy);
});

function framed(stream: number, text: string): Buffer {
  const header = Buffer.alloc(8);
  header[0] = stream;
  header.writeUInt32BE(Buffer.byteLength(text), 4);
  return Buffer.concat([header, Buffer.from(text)]);
}

test("a log is read with frames and without, and only its end", () => {
  expect(readLog(Buffer.concat([framed(1, "one\ntw"), framed(2, "ö\n\n")]))).toBe("one | twö");
  expect(readLog(Buffer.from("plain\r\nwords\r\n"))).toBe("plain | words");
  expect(readLog(Buffer.alloc(0))).toBe("");
  expect(readLog(Buffer.from("x".repeat(5000)))).toHaveLength(1000);
});
