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
