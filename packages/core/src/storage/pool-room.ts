import type { PoolRoom } from "@dockersnap/contract/words";
import type { Capacity } from "./driver.ts";

/** How much of the pool may be used, as the operator has it. */
export interface PoolLimits {
  /** Warn from this share of the pool on, such as 0.85. */
  readonly warnAt: number;
  /** Bytes nothing new may take. Undefined: as `defaultReserve` has it. */
  readonly reserve: number | undefined;
}

const MiB = 1024 * 1024;

/**
 * What deletes, records and running workloads live on once nothing new is begun: a fiftieth of the pool, but never less
 * than an image layer or two take, nor more than all of that could need.
 */
function defaultReserve(total: number): number {
  return Math.round(clamp(total / 50, 64 * MiB, 1024 * MiB));
}

/**
 * The same for metadata. A revert and the engine it starts write some MiB of it, whatever changes a file that a snapshot
 * shares writes its branch of the tree anew, and btrfs reserves 14 MiB to put one tree in the place of another.
 */
function metadataReserve(total: number): number {
  return Math.round(clamp(total / 64, 24 * MiB, 64 * MiB));
}

/** A space of the pool and how much of it there has to be. */
interface Space {
  readonly what: NonNullable<PoolRoom["what"]>;
  readonly total: number;
  readonly free: number;
  readonly reserve: number;
}

export function poolRoom(capacity: Capacity, limits: PoolLimits): PoolRoom {
  const { total, metadata, backing, readOnly, absent } = capacity;
  const reserve = limits.reserve ?? defaultReserve(total);
  const { free } = capacity;
  const isBackingShort = backing !== undefined && backing.free <= free;
  const ofMetadata =
    metadata === undefined ? undefined : { ...metadata, what: "metadata" as const, reserve: metadataReserve(total) };
  const spaces: readonly Space[] = [
    { what: isBackingShort ? "backing" : "data", total, free, reserve },
    ...(ofMetadata === undefined ? [] : [ofMetadata]),
  ];
  const full = spaces.find((space) => space.free < space.reserve);
  const short = full ?? spaces.find((space) => space.free <= space.total * (1 - limits.warnAt));
  const state =
    absent !== undefined
      ? "unmounted"
      : readOnly !== undefined
        ? "read_only"
        : full
          ? "full"
          : short
            ? "nearly_full"
            : "ok";
  const what = state === "read_only" || state === "unmounted" ? undefined : short?.what;
  const advice = absent ?? readOnly ?? (what === undefined ? undefined : adviceFor(what, capacity));
  return {
    total_bytes: total,
    free_bytes: free,
    reserve_bytes: reserve,
    state,
    ...(what === undefined ? {} : { what }),
    ...(ofMetadata === undefined
      ? {}
      : {
          metadata: {
            total_bytes: ofMetadata.total,
            free_bytes: ofMetadata.free,
            reserve_bytes: ofMetadata.reserve,
          },
        }),
    ...(backing === undefined ? {} : { backing: { mountpoint: backing.mountpoint, free_bytes: backing.free } }),
    ...(advice === undefined ? {} : { advice }),
  };
}

function adviceFor(what: NonNullable<PoolRoom["what"]>, { metadata, backing }: Capacity): string {
  if (what === "backing") {
    return `Free space on the disk mounted at ${backing?.mountpoint}, which holds the pool's image; a larger pool does not help.`;
  }
  if (what === "metadata") {
    const balance = metadata?.advice === undefined ? "" : `${metadata.advice} `;
    return `${balance}Make the pool larger with 'dockersnap pool grow', or delete snapshots or instances that have many files.`;
  }
  return "Delete snapshots or instances, or make the pool larger with 'dockersnap pool grow'.";
}

function clamp(value: number, least: number, most: number): number {
  return Math.min(Math.max(value, least), most);
}
