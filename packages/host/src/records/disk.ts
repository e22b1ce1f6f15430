import { randomBytes } from "node:crypto";
import {
  closeSync,
  fsyncSync,
  openSync,
  renameSync,
  rmSync,
  statfsSync,
  statSync,
  truncateSync,
  writeSync,
} from "node:fs";
import { dirname } from "node:path";
import type { RecordsRoom } from "@dockersnap/contract/words";
import { hasErrno } from "../process/errno.ts";
import { mountpointOf } from "../process/mountpoint.ts";

const MiB = 1024 * 1024;

/** SQLite writes its log over from the beginning once it has so much of it, so no number of operations takes more. */
const pieceBytes = 4 * MiB;

/**
 * What a full disk leaves for deletes and stops, piece by piece: whoever filled the disk goes on writing, and takes what is
 * given back and not used at once.
 */
const keptBytes = 4 * pieceBytes;

/** At most this part of what is free is kept, or a disk at its border would make the file all the time. */
const keptPart = 1 / 4;

/** Below this nothing new is begun, on a disk that is large enough. */
const reserveBytes = 32 * MiB;

const stillWork = "; deletes and stops still work.";
const nothingKept = ". Nothing is kept in reserve on it, so deletes and stops may be refused until then as well.";

/** The disk the records are on, with a file beside them that keeps space for when it is full. */
export class RecordsDisk {
  readonly #path: string;
  readonly #keeper: string;

  constructor(path: string) {
    this.#path = path;
    this.#keeper = `${path}.reserve`;
  }

  room(): RecordsRoom {
    const folder = dirname(this.#path);
    const { total, free } = this.#measure();
    const reserve = Math.min(reserveBytes, Math.round(total / 10));
    const kept = this.#size();
    const isFull = free < reserve;
    return {
      total_bytes: total,
      free_bytes: free,
      reserve_bytes: reserve,
      kept_bytes: kept,
      state: isFull ? "full" : "ok",
      ...(isFull ? { advice: `Free space on that disk${kept > 0 ? stillWork : nothingKept}` } : {}),
      path: this.#path,
      mountpoint: mountpointOf(folder),
    };
  }

  /** Keep space in reserve, where there is enough to spare. Twice changes nothing. */
  keep(): void {
    const pieces = Math.floor((this.#measure().free * keptPart) / pieceBytes);
    const wanted = Math.min(keptBytes, pieces * pieceBytes);
    if (wanted <= this.#size()) return;
    const draft = `${this.#keeper}.new`;
    try {
      const file = openSync(draft, "w", 0o600);
      try {
        // Not zeros: a file system that compresses would keep next to nothing for them.
        for (let written = 0; written < wanted; written += pieceBytes) {
          writeSync(file, randomBytes(pieceBytes));
          // An extent of its own on a file system that gives back whole ones only.
          fsyncSync(file);
        }
      } finally {
        closeSync(file);
      }
      renameSync(draft, this.#keeper);
    } catch (error) {
      rmSync(draft, { force: true });
      // Somebody else took the space meanwhile.
      if (!hasErrno(error, "ENOSPC", "EDQUOT")) throw error;
    }
  }

  /** Give back a piece of what is kept, for who must write now. False where there is nothing to give. */
  release(): boolean {
    const size = this.#size();
    if (size === 0) return false;
    if (size > pieceBytes) truncateSync(this.#keeper, size - pieceBytes);
    else rmSync(this.#keeper, { force: true });
    return true;
  }

  /** As `release`, where the disk is so full that records could not even be opened. */
  releaseIfFull(): void {
    if (this.#measure().free < MiB) this.release();
  }

  #measure(): { readonly total: number; readonly free: number } {
    const { blocks, bavail, bsize } = statfsSync(dirname(this.#path));
    return { total: blocks * bsize, free: bavail * bsize };
  }

  #size(): number {
    return statSync(this.#keeper, { throwIfNoEntry: false })?.size ?? 0;
  }
}
