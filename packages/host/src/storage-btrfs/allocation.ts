import { realpath } from "node:fs/promises";
import { mountHolding } from "./mounts.ts";
import { readNumber, sysfsOf } from "./sysfs.ts";

/** Space for one sort of a btrfs's contents, as the kernel counts it. All are bytes. */
interface Sort {
  /** In block groups of this sort, used or not; each byte counts once, whatever the profile. */
  readonly total: number;
  readonly used: number;
  /** Allocated by the transaction that is under way, and not counted as used yet. */
  readonly reserved: number;
  readonly readOnly: number;
  /** What those block groups take of the devices: twice the total with the profile DUP. */
  readonly onDisk: number;
}

/** How a btrfs has divided its devices between data and metadata. */
export interface Allocation {
  readonly data: Sort;
  readonly metadata: Sort;
  /** Metadata that only the kernel itself may use, so that deletes work when the rest is gone. */
  readonly globalReserve: number;
  /** Bytes of the devices in no block group yet. */
  readonly unallocated: number;
}

/** Of each device, at its beginning, btrfs leaves this much alone. */
const neverAllocated = 1024 * 1024;

/**
 * The allocation of the btrfs mounted here, of which `deviceBytes` is the size; undefined where the kernel does not
 * tell, and for one that mixes data and metadata in the same block groups, where neither runs out before the other.
 */
export async function readAllocation(mount: string, deviceBytes: number): Promise<Allocation | undefined> {
  const holding = await mountHolding(await realpath(mount));
  if (holding?.type !== "btrfs") return undefined;
  const folder = await sysfsOf(await realpath(holding.source));
  if (folder === undefined) return undefined;
  const at = `${folder}/allocation`;
  const [data, metadata, system, globalReserve] = await Promise.all([
    readSort(`${at}/data`),
    readSort(`${at}/metadata`),
    readSort(`${at}/system`),
    readNumber(`${at}/global_rsv_size`),
  ]);
  return allocationOf({ data, metadata, system, globalReserve }, deviceBytes);
}

interface Told {
  readonly data: Sort | undefined;
  readonly metadata: Sort | undefined;
  readonly system: Sort | undefined;
  readonly globalReserve: number | undefined;
}

/** `deviceBytes` as statfs(2) counts blocks: those of the devices, divided by how often the data is kept. */
export function allocationOf(
  { data, metadata, system, globalReserve }: Told,
  deviceBytes: number,
): Allocation | undefined {
  if (data === undefined || metadata === undefined || globalReserve === undefined) return undefined;
  const allocated = data.onDisk + metadata.onDisk + (system?.onDisk ?? 0);
  const unallocated = Math.max(0, deviceBytes * copies(data) - allocated - neverAllocated);
  return { data, metadata, globalReserve, unallocated };
}

/** What metadata can still take, and what it has when it has all of that. */
export function metadataSpace({ metadata, globalReserve, unallocated }: Allocation): {
  readonly total: number;
  readonly free: number;
} {
  const obtainable = Math.floor(unallocated / copies(metadata));
  const taken = metadata.used + metadata.reserved + metadata.readOnly + globalReserve;
  return {
    total: metadata.total + obtainable,
    free: Math.max(0, metadata.total - taken) + obtainable,
  };
}

/** Bytes in block groups for data that no file uses; a balance makes them available to metadata. */
export function unusedByData({ data }: Allocation): number {
  return Math.max(0, data.total - data.used - data.reserved - data.readOnly);
}

function copies({ onDisk, total }: Sort): number {
  return total === 0 ? 1 : onDisk / total;
}

async function readSort(folder: string): Promise<Sort | undefined> {
  const [total, used, reserved, readOnly, onDisk] = await Promise.all(
    ["total_bytes", "bytes_used", "bytes_reserved", "bytes_readonly", "disk_total"].map((file) =>
      readNumber(`${folder}/${file}`),
    ),
  );
  if (total === undefined || used === undefined || onDisk === undefined) return undefined;
  return { total, used, reserved: reserved ?? 0, readOnly: readOnly ?? 0, onDisk };
}
