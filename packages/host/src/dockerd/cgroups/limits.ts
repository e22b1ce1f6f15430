import { existsSync, readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DockersnapError, type Limits } from "@dockersnap/contract/words";
import type { HostProbe } from "@dockersnap/core";
import { hasErrno } from "../../process/errno.ts";
import { type Hierarchies, homeOf } from "./hierarchies.ts";

/** Microseconds over which CPU time is handed out; the kernel's own default. */
const cpuPeriodUs = 100_000;
/** The kernel refuses a smaller share per period. */
const leastCpuQuotaUs = 1_000;

type File = readonly [name: string, value: string];

interface Setting {
  readonly controller: "memory" | "cpu" | "pids";
  readonly isBound: boolean;
  /** In the order they have to be written; those that end in `?` are left out where the kernel has none of that name. */
  readonly legacy: readonly File[];
  readonly unified: readonly File[];
}

function settings({ memory, cpus, pids }: Limits): readonly Setting[] {
  const quota = cpus === undefined ? undefined : Math.max(leastCpuQuotaUs, Math.round(cpus * cpuPeriodUs));
  return [
    {
      controller: "memory",
      isBound: memory !== undefined,
      // Swap is within the bound: a limit that swap gets around would be the host's memory after all.
      legacy: [
        ["memory.limit_in_bytes", String(memory ?? -1)],
        ["memory.memsw.limit_in_bytes?", String(memory ?? -1)],
      ],
      unified: [
        ["memory.max", String(memory ?? "max")],
        ["memory.swap.max?", memory === undefined ? "max" : "0"],
      ],
    },
    {
      controller: "cpu",
      isBound: cpus !== undefined,
      legacy: [
        ["cpu.cfs_period_us", String(cpuPeriodUs)],
        ["cpu.cfs_quota_us", String(quota ?? -1)],
      ],
      unified: [["cpu.max", `${quota ?? "max"} ${cpuPeriodUs}`]],
    },
    {
      controller: "pids",
      isBound: pids !== undefined,
      legacy: [["pids.max", String(pids ?? "max")]],
      unified: [["pids.max", String(pids ?? "max")]],
    },
  ];
}

/** Whether this machine has a controller for each of these limits. */
export function canLimit(hierarchies: Hierarchies, limits: Limits): HostProbe {
  const missing = settings(limits).filter(({ controller, isBound }) => isBound && !isThere(hierarchies, controller));
  if (missing.length === 0) return { usable: true };
  const names = missing.map(({ controller }) => controller).join(", ");
  return { usable: false, reason: `this host's kernel runs without the control group controller for ${names}` };
}

function isThere({ legacy, unified }: Hierarchies, controller: string): boolean {
  if (legacy.some(({ controllers }) => controllers.includes(controller))) return true;
  const list = unified === undefined ? undefined : join(unified, "cgroup.controllers");
  return list !== undefined && existsSync(list) && readFileSync(list, "utf8").trim().split(" ").includes(controller);
}

/**
 * Bound the group at `path`, and lift what other bounds it has. `unsupported` where this machine has no controller for a
 * limit: a bound is never left out. `wrong_state` when what the group holds is more than it is to have.
 */
export async function applyLimits(hierarchies: Hierarchies, path: string, limits: Limits): Promise<void> {
  for (const setting of settings(limits)) {
    const home = homeOf(hierarchies, setting.controller);
    const files = (home.isLegacy ? setting.legacy : setting.unified).flatMap(([name, value]): File[] => {
      const file = join(home.root, path, name.replace("?", ""));
      const isLeftOut = !existsSync(file) && (name.endsWith("?") || !setting.isBound);
      return isLeftOut ? [] : [[file, value]];
    });
    try {
      await writeInSomeOrder(files);
    } catch (error) {
      throw refusal(setting.controller, error);
    }
  }
}

/**
 * A bound on memory with swap can never be below the one without: which of the two has to be written first depends on
 * whether they rise or fall.
 */
async function writeInSomeOrder(files: readonly File[]): Promise<void> {
  try {
    for (const [file, value] of files) await writeFile(file, value);
  } catch (error) {
    if (!hasErrno(error, "EINVAL") || files.length < 2) throw error;
    for (const [file, value] of files.toReversed()) await writeFile(file, value);
  }
}

function refusal(controller: string, error: unknown): DockersnapError {
  const why = error instanceof Error ? error.message : String(error);
  if (hasErrno(error, "EBUSY")) {
    return new DockersnapError(
      "wrong_state",
      "It holds more memory than that, and the kernel can take none of it away. Stop some of its containers, or ask for more.",
      { cause: error },
    );
  }
  return new DockersnapError(
    "unsupported",
    `The limit on ${controller} could not be set (${why}). Enable the ${controller} control group controller on this host, or leave the limit out.`,
    { cause: error },
  );
}
