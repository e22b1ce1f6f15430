import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { availableParallelism, cpus, loadavg, release, totalmem } from "node:os";

/** What the numbers depend on, without anything that names the machine. */
export interface Machine {
  readonly processors: number;
  readonly processor: string;
  readonly memoryGiB: number;
  readonly kernel: string;
  readonly system: string;
  readonly docker: string;
  readonly node: string;
  /** Runnable processes over the last minute, before the first measurement. */
  readonly loadBefore: number;
}

export function describeMachine(): Machine {
  const [, system = "unknown"] = /^PRETTY_NAME="?([^"\n]*)/m.exec(readFileSync("/etc/os-release", "utf8")) ?? [];
  const [, docker = "unknown"] =
    /version (\S+),/.exec(execFileSync("dockerd", ["--version"], { encoding: "utf8" })) ?? [];
  return {
    processors: availableParallelism(),
    processor: cpus()[0]?.model ?? "unknown",
    memoryGiB: Math.round(totalmem() / 1024 ** 3),
    kernel: release(),
    system,
    docker,
    node: process.version,
    loadBefore: Math.round((loadavg()[0] ?? 0) * 100) / 100,
  };
}

/** CPU time of a process itself, without the processes it ran. */
export function cpuSeconds(pid: number): number {
  const [utime = 0, stime = 0] = readFileSync(`/proc/${pid}/stat`, "utf8")
    // The name stands in parentheses and may hold anything; utime and stime are the 12th and 13th after it.
    .replace(/^.*\) /s, "")
    .split(" ")
    .slice(11, 13)
    .map(Number);
  return (utime + stime) / ticksPerSecond;
}

const ticksPerSecond = Number(execFileSync("getconf", ["CLK_TCK"], { encoding: "utf8" }));
