import type { Client } from "@dockersnap/client";
import { DockersnapError, type PoolRoom } from "@dockersnap/contract/words";
import { size } from "./output/bytes.ts";
import type { Output } from "./output/output.ts";

/** Undefined while the pool has room. */
export function poolWarning(pool: PoolRoom | undefined): string | undefined {
  if (pool === undefined || pool.state === "ok") return undefined;
  const room = `${size(pool.free_bytes)} of ${size(pool.total_bytes)} are free`;
  return pool.state === "full"
    ? `The pool is full: ${room}, and nothing new is begun. Delete snapshots or instances, or make it larger with 'dockersnap pool grow'.`
    : `The pool is nearly full: ${room}. Delete snapshots or instances, or make it larger with 'dockersnap pool grow'.`;
}

/** Say so where the pool runs out of room. Asked for beside something else, so a daemon that does not tell is no failure. */
export async function warnOfPool(client: Client, out: Output): Promise<void> {
  if (out.style.quiet || out.style.format !== "text") return;
  try {
    const warning = poolWarning((await client.health()).pool);
    if (warning !== undefined) out.warn(warning);
  } catch (error) {
    if (!(error instanceof DockersnapError)) throw error;
  }
}
