import { DockersnapError, size } from "@dockersnap/contract/words";
import { poolRoom, type StorageDriver } from "@dockersnap/core";
import { poolLimits } from "../app/adapters.ts";
import type { Config } from "../config/config.ts";
import type { Finding } from "./checks.ts";

/** Free space of the pool, its metadata's apart, and whether it can be written. */
export async function checkPool(
  config: Config,
  { storage }: { readonly storage: StorageDriver },
): Promise<readonly Finding[]> {
  const subject = "pool";
  try {
    const room = poolRoom(await storage.capacity(), poolLimits(config));
    if (room.state === "unmounted") return [{ subject, seen: "not mounted", advice: room.advice ?? "" }];
    const { total_bytes, free_bytes, state, what, metadata, advice } = room;
    const seen = `${size(free_bytes)} of ${size(total_bytes)} free`;
    if (state === "read_only") return [{ subject, seen: `read-only; ${seen}`, advice: advice ?? "" }];
    const how = state === "full" ? "It is full, and nothing new is begun" : "It is nearly full";
    const isAbout = (kind: "pool" | "metadata") => state !== "ok" && (what === "metadata") === (kind === "metadata");
    return [
      { subject, seen, ...(isAbout("pool") ? { advice: `${how}: ${advice}` } : {}) },
      ...(metadata === undefined
        ? []
        : [
            {
              subject: "pool: metadata",
              seen: `${size(metadata.free_bytes)} of ${size(metadata.total_bytes)} free`,
              ...(isAbout("metadata") ? { advice: `${how}: ${advice}` } : {}),
            },
          ]),
    ];
  } catch (error) {
    if (error instanceof DockersnapError && error.code === "not_ready")
      return [{ subject, seen: "not made yet; the first start makes it" }];
    return [{ subject, seen: "not readable", advice: error instanceof Error ? error.message : String(error) }];
  }
}
