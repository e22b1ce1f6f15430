import type { Instance } from "@dockersnap/contract/words";
import { size } from "@dockersnap/contract/words";

/** What is used of each limit, in words, limits that are not set included: "Memory", "120.0 MiB of 2.0 GiB". */
export function limitLines({ limits = {}, used = {} }: Instance): readonly (readonly [string, string | undefined])[] {
  const cpu = used.cpu_seconds === undefined ? undefined : `${seconds(used.cpu_seconds)} used`;
  return [
    ["Memory", line(used.memory_bytes, limits.memory, size)],
    [
      "CPUs",
      [limits.cpus === undefined ? undefined : `at most ${limits.cpus}`, cpu].filter(Boolean).join(", ") || undefined,
    ],
    ["Processes", line(used.pids, limits.pids, String)],
    ["Disk", line(used.disk_bytes, limits.disk, size, "written")],
  ];
}

function line(used: number | undefined, limit: number | undefined, show: (value: number) => string, verb = "used") {
  if (limit === undefined) return used === undefined ? undefined : `${show(used)} ${verb}`;
  return used === undefined ? `at most ${show(limit)}` : `${show(used)} ${verb} of ${show(limit)}`;
}

function seconds(cpu: number): string {
  return `${cpu.toFixed(1)} s of processor time`;
}
