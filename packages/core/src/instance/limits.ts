import { DockersnapError, type InstanceUse, type Limits, type LimitsChange } from "@dockersnap/contract/words";
import type { Platform } from "../platform.ts";
import type { InstanceRecord } from "../records/records.ts";
import { boundsSpace } from "../storage/driver.ts";

/** Bytes that may be written at a limit while an engine comes up; dockerd's databases and its containers' files take a few MiB. */
const roomBeyond = 64 * 1_048_576;

type Bounded = Pick<Platform, "engines" | "storage">;

/** The limits after a change; undefined when none is left. */
export function changedLimits(before: Limits | undefined, change: LimitsChange | undefined): Limits | undefined {
  const entries = Object.entries({ ...before, ...change }).filter(([, bound]) => bound !== null && bound !== undefined);
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}

export function sameLimits(one: Limits = {}, other: Limits = {}): boolean {
  return (["memory", "cpus", "pids", "disk"] as const).every((bound) => one[bound] === other[bound]);
}

/** `invalid_request` for more processors than there are, which would bound nothing. A limit from a larger host stays as it is. */
export function requireProcessors(
  { engines }: Pick<Platform, "engines">,
  name: string,
  asked: LimitsChange = {},
): void {
  const { cpus } = asked;
  if (typeof cpus !== "number" || cpus <= engines.processors) return;
  throw new DockersnapError(
    "invalid_request",
    `'${name}' cannot have ${cpus} CPUs: this host has ${engines.processors}. Ask for 0.01 to ${engines.processors}, or leave the limit out.`,
  );
}

/** `unsupported`, before anything is done, for a bound that this host or its pool would not hold. */
export async function requireBounds(
  { engines, storage }: Bounded,
  name: string,
  limits: Limits | undefined,
): Promise<void> {
  if (limits === undefined) return;
  const host = engines.canLimit(limits);
  if (!host.usable) throw unsupported(name, host.reason);
  if (limits.disk === undefined) return;
  if (!boundsSpace(storage)) throw unsupported(name, "its storage keeps no quotas");
  const pool = await storage.quotaSupport();
  if (!pool.usable) throw unsupported(name, pool.reason);
}

function unsupported(name: string, reason: string): DockersnapError {
  return new DockersnapError(
    "unsupported",
    `'${name}' cannot be held to these limits here: ${reason}. Leave that one out, or do what is missing first.`,
  );
}

/** Bound what an instance writes, or no longer. */
export async function setDiskLimit({ storage }: Bounded, name: string, bytes: number | undefined): Promise<void> {
  if (boundsSpace(storage)) await storage.setQuota(name, bytes);
}

/**
 * Do what has to succeed at a reached disk limit too, with room to write: dockerd does not come up without, and Docker starts
 * no container. What is left too high by a kill in between is put right by the next start.
 */
export async function withRoom<T>(
  { storage }: Bounded,
  { name, limits }: Pick<InstanceRecord, "name" | "limits">,
  work: () => Promise<T>,
): Promise<T> {
  const disk = limits?.disk;
  if (disk === undefined || !boundsSpace(storage)) return work();
  const needed = ((await storage.charge(name)) ?? 0) + roomBeyond;
  await storage.setQuota(name, Math.max(disk, needed));
  if (needed <= disk) return work();
  try {
    return await work();
  } finally {
    await storage.setQuota(name, disk);
  }
}

/** What an instance takes now. */
export async function measureUse({ engines, storage }: Bounded, name: string): Promise<InstanceUse> {
  const [engine, disk] = await Promise.all([
    engines.use(name),
    boundsSpace(storage) ? storage.charge(name) : undefined,
  ]);
  return {
    ...(engine === undefined ? {} : { memory_bytes: engine.memory, cpu_seconds: engine.cpuSeconds, pids: engine.pids }),
    ...(disk === undefined ? {} : { disk_bytes: disk }),
  };
}

/** Of every instance. */
export function measureUses(platform: Bounded & Pick<Platform, "records">) {
  return Promise.all(
    platform.records.instances
      .all()
      .map(async ({ name }) => ({ instance: name, ...(await measureUse(platform, name)) })),
  );
}
