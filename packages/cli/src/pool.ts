import type { Client } from "@dockersnap/client";
import { DockersnapError, type PoolRoom, type RecordsRoom, size } from "@dockersnap/contract/words";
import type { Output } from "./output/output.ts";

/** Undefined while the pool has room. */
export function poolWarning(pool: PoolRoom | undefined): string | undefined {
  if (pool === undefined || pool.state === "ok") return undefined;
  const { state, what, metadata, backing, advice = standardAdvice } = pool;
  if (state === "unmounted") return `The pool is not mounted, and nothing in it can be reached. ${advice}`;
  if (state === "read_only") return `The pool is read-only, and nothing in it can be changed. ${advice}`;
  const { free_bytes: free, total_bytes: total } = (what === "metadata" && metadata) || pool;
  const room =
    what === "backing" && backing !== undefined
      ? `${size(backing.free_bytes)} are free`
      : `${size(free)} of ${size(total)} are free`;
  const subject =
    what === "metadata"
      ? "The pool's metadata space"
      : what === "backing"
        ? `The disk mounted at ${backing?.mountpoint}, which holds the pool's image,`
        : "The pool";
  return state === "full"
    ? `${subject} is full: ${room}, and nothing new is begun. ${advice}`
    : `${subject} is nearly full: ${room}. ${advice}`;
}

/** Of a daemon that gives none. */
const standardAdvice = "Delete snapshots or instances, or make it larger with 'dockersnap pool grow'.";

/** Undefined while the disk with the records has free space. */
export function recordsWarning(records: RecordsRoom | undefined): string | undefined {
  if (records === undefined || records.state === "ok") return undefined;
  return `The disk mounted at ${records.mountpoint}, which holds the daemon's records, is full: ${size(records.free_bytes)} are free, and nothing new is begun. ${records.advice ?? "Free space on that disk."}`;
}

/** Say so where the pool runs out of room. Asked for beside something else, so a daemon that does not tell is no failure. */
export async function warnOfPool(client: Client, out: Output): Promise<void> {
  if (out.style.quiet || out.style.format !== "text") return;
  try {
    const { pool, records } = await client.health();
    for (const warning of [poolWarning(pool), recordsWarning(records)]) {
      if (warning !== undefined) out.warn(warning);
    }
  } catch (error) {
    if (!(error instanceof DockersnapError)) throw error;
  }
}
