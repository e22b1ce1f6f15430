import { DockersnapError, type PoolRoom, type RecordsRoom, size } from "@dockersnap/contract/words";
import type { Platform } from "../platform.ts";
import { poolRoom } from "./pool-room.ts";

/**
 * `no_space` before anything is done, where the pool or the disk with the records has no more than its reserve, and
 * `read_only` or `unmounted` where the pool is that.
 */
export async function requireRoom({ platform }: { readonly platform: Platform }, act: string): Promise<void> {
  const { storage, settings, records } = platform;
  const room = poolRoom(await storage.capacity(), settings.pool);
  refuseUnwritable(room, act);
  if (room.state === "full") throw poolFull(room, act);
  const disk = records.room();
  if (disk.state === "full") throw recordsFull(disk, act);
}

/** Why `act` failed: `no_space` where it met a full pool or a full disk with the records, which it was not kept from; else `error`. */
export async function spaceError(
  context: { readonly platform: Platform },
  act: string,
  error: unknown,
): Promise<unknown> {
  if (!(error instanceof DockersnapError) || error.code === "cancelled") return error;
  try {
    await requireRoom(context, act);
    return error;
  } catch (lack) {
    if (!(lack instanceof DockersnapError) || lack.code !== "no_space") return error;
    const { details } = lack;
    return new DockersnapError("no_space", `${lack.message} ${error.message}`, {
      cause: error,
      ...(details === undefined ? {} : { details }),
    });
  }
}

/** `read_only` or `unmounted` before anything is done, where nothing in the pool can be changed. */
export async function requireWritable(
  { storage, settings }: Pick<Platform, "storage" | "settings">,
  act: string,
): Promise<void> {
  refuseUnwritable(poolRoom(await storage.capacity(), settings.pool), act);
}

/** `unmounted` where the pool is that: what its paths lead to instead is not the instances' data. */
export async function requireMounted({ storage }: Pick<Platform, "storage">, act: string): Promise<void> {
  const { absent } = await storage.capacity();
  if (absent !== undefined) throw unmounted(act, absent);
}

function unmounted(act: string, advice = ""): DockersnapError {
  return new DockersnapError("unmounted", `The pool is not mounted, so dockersnap cannot ${act}: ${advice}`);
}

function refuseUnwritable({ state, advice }: PoolRoom, act: string): void {
  if (state === "unmounted") throw unmounted(act, advice);
  if (state !== "read_only") return;
  throw new DockersnapError("read_only", `The pool is read-only, so dockersnap cannot ${act}: ${advice}`);
}

function poolFull(room: PoolRoom, act: string): DockersnapError {
  const { what = "data", metadata, backing, advice = "" } = room;
  const { total_bytes: total, free_bytes: free, reserve_bytes: reserve } = (what === "metadata" && metadata) || room;
  const kept = `${size(reserve)} are kept in reserve`;
  const subject = {
    data: `The pool has ${size(free)} of ${size(total)} left, too little to ${act}: ${kept}.`,
    metadata: `The pool has ${size(free)} of ${size(total)} left for metadata (its own account of its files), too little to ${act}: ${kept}.`,
    backing: `The disk mounted at ${backing?.mountpoint}, which holds the pool's image, has ${size(free)} left, too little to ${act}: ${kept}.`,
    records: "",
  }[what];
  const place = what === "backing" && backing !== undefined ? { mountpoint: backing.mountpoint } : {};
  return new DockersnapError("no_space", `${subject} ${advice}`, { details: { what, free, total, reserve, ...place } });
}

function recordsFull(disk: RecordsRoom, act: string): DockersnapError {
  const { mountpoint, path, free_bytes: free, total_bytes: total, reserve_bytes: reserve } = disk;
  return new DockersnapError(
    "no_space",
    `The disk mounted at ${mountpoint}, which holds the records (${path}), has ${size(free)} left, too little to ${act}: ${size(reserve)} are kept in reserve. ${disk.advice ?? ""}`,
    { details: { what: "records", free, total, reserve, mountpoint } },
  );
}
