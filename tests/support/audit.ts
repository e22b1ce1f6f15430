import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";

/**
 * Everything on this host that bears a world's mark: its id is in every instance name, folder and path it makes. A world
 * that is gone, and an instance that is deleted, leave none.
 */
export function leftovers(mark: string): string[] {
  return [
    ...linesOf("ip", ["netns", "list"], mark).map((line) => `network namespace ${line}`),
    ...linesOf("ip", ["-o", "link", "show"], mark).map((line) => `link ${line}`),
    ...linesOf("nft", ["list", "ruleset"], mark).map((line) => `nftables ${line}`),
    ...linesOf("iptables-save", [], mark).map((line) => `iptables ${line}`),
    ...linesOf("losetup", ["-a"], mark).map((line) => `loop device ${line}`),
    ...readFileSync("/proc/self/mounts", "utf8")
      .split("\n")
      .filter((line) => line.includes(mark))
      .map((line) => `mount ${line}`),
    ...named("/etc/netns", mark, 1),
    ...named("/run", mark, 2),
    ...named("/sys/fs/cgroup", mark, 3),
    ...processes(mark),
  ];
}

function linesOf(program: string, args: string[], mark: string): string[] {
  return execFileSync(program, args, {
    encoding: "utf8",
    maxBuffer: 64 * 1024 * 1024,
    stdio: ["ignore", "pipe", "ignore"],
  })
    .split("\n")
    .filter((line) => line.includes(mark));
}

function named(folder: string, mark: string, depth: number): string[] {
  if (depth === 0 || !existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.name.includes(mark)) return [`file ${path}`];
    return entry.isDirectory() ? named(path, mark, depth - 1) : [];
  });
}

/** By command line, working folder or cgroup, so that no container's process hides. */
function processes(mark: string): string[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .flatMap((pid) => {
      try {
        const line = readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ").trim();
        const cgroup = readFileSync(`/proc/${pid}/cgroup`, "utf8");
        const cwd = readlinkSync(`/proc/${pid}/cwd`);
        if (line.includes(mark)) return [`process ${pid} ${line}`];
        const whose = [...cgroup.split("\n"), cwd].find((words) => words.includes(mark));
        return whose === undefined ? [] : [`process ${pid} ${line} (${whose})`];
      } catch {
        // It ended while it was looked at.
        return [];
      }
    });
}
