import type { HostProbe } from "../base/probe.ts";

/** One instance's writable tree, named as the instance is. */
export type DatasetId = string;

/** A snapshot's name within its dataset. */
export type Label = string;

export interface DatasetInfo {
  readonly id: DatasetId;
  /** False when only snapshots of it are left, as after an interrupted removal. */
  readonly present: boolean;
  readonly snapshots: readonly Label[];
}

/** Bytes of the whole pool. */
export interface Capacity {
  readonly total: number;
  /** What files' data can still take, and no more than the disk below the pool has. */
  readonly free: number;
  /** Space for the pool's own account of its files, where that is bounded apart from their data. */
  readonly metadata?: {
    readonly total: number;
    readonly free: number;
    /** A sentence with a command that gives it more of the space there is, where one can. */
    readonly advice?: string;
  };
  /** The disk below the pool, where the pool lies in a file. */
  readonly backing?: { readonly mountpoint: string; readonly free: number };
  /** While nothing in the pool can be changed: a sentence that says how it becomes writable again. */
  readonly readOnly?: string;
  /**
   * While the pool is not at its path, as when something unmounted it: a sentence that says how it gets there. Nothing is known
   * of its bytes then.
   */
  readonly absent?: string;
}

/** Bytes of file contents; what the storage needs to keep account of them is not counted. */
export interface Occupied {
  /** What its files refer to, shared with others or not. */
  readonly referenced: number;
  /** Of that, what something else in the pool holds too. */
  readonly shared: number;
  /**
   * What nothing else in the pool holds: removing it alone gives back so much. It may be more than what its files refer to
   * and do not share: a piece of the disk is held as a whole while a part of it is in use.
   */
  readonly exclusive: number;
}

export interface DatasetUsage {
  readonly dataset: Occupied;
  readonly snapshots: Readonly<Record<Label, Occupied>>;
  /** What removing the dataset with all of its snapshots gives back. */
  readonly freedByRemoval: number;
}

export interface StorageInfo {
  /** For people; nobody decides by it. */
  readonly driver: string;
  readonly capabilities: { readonly quota: boolean; readonly send: boolean };
}

/** Holds the writers to a dataset still until what it gives is disposed of. */
export type HoldStill = () => Promise<AsyncDisposable>;

/**
 * Where instances keep their data.
 *
 * A *dataset* is one instance's writable tree. A *snapshot* is a named, read-only moment of a dataset. A *clone* is a
 * dataset that begins as a copy of a snapshot.
 *
 * Workloads can make *nested* trees inside a dataset (subvolumes, on btrfs), some of them read-only. They are part of it:
 * snapshots, clones, reverts and usage carry them as they do folders, and removing takes them away.
 *
 * `snapshot` is atomic under running writers. Callers stop every writer before `revert` and `remove`; a driver does not
 * look. Callers never run two methods for one dataset at once; for different datasets they do. Every method may be
 * killed at any instant and called again: what a first call left half done, the second completes or clears away.
 * Failures carry a `DockersnapError`: `not_found`, `already_exists` and `no_space` as named below, `invalid_request` for
 * an id or label that is no name, `read_only` from whatever would change a pool that is read-only, `unmounted` from whatever
 * looks into a pool that is not at its path, else `internal`. Nothing is ever made in the place of such a pool.
 * `no_space` says in its details what is full, as `what`: `data`, `metadata` or `backing`.
 */
export interface StorageDriver {
  readonly info: StorageInfo;

  /**
   * Make the pool ready: create and mount it where needed. Twice changes nothing; run once before all else. With `holdsData`
   * there are datasets to be found in it, and a pool that is not there rejects with `not_ready` instead of being made.
   */
  open(options?: { readonly holdsData?: boolean }): Promise<void>;

  /** Where the dataset's tree is found. Pure: says nothing about whether it exists. */
  path(id: DatasetId): string;

  /** As `path`, of a snapshot's tree, which cannot be written. */
  snapshotPath(id: DatasetId, label: Label): string;

  /** The dataset's name in the storage's own words, for people. Pure. */
  datasetName(id: DatasetId): string;

  /** Whether anything of this id is there: the dataset, or snapshots of a lost one. */
  hasDataset(id: DatasetId): Promise<boolean>;

  /** Whether a dataset has this snapshot. False without the dataset, true for a snapshot of a lost one. */
  hasSnapshot(id: DatasetId, label: Label): Promise<boolean>;

  /** A new, empty dataset. `already_exists` if there is one, or snapshots of a lost one; `no_space`. */
  create(id: DatasetId): Promise<void>;

  /** A new dataset that begins as `source` was at `label`. `not_found`, `already_exists` as for `create`, `no_space`. */
  clone(source: DatasetId, label: Label, id: DatasetId): Promise<void>;

  /**
   * Give a dataset and its snapshots another name. Who has it open, mounted or bound goes on in it. When only `to` is there
   * it is done already, `not_found` when neither is, `already_exists` when both are.
   */
  rename(from: DatasetId, to: DatasetId): Promise<void>;

  /** Write out what is dirty, as far as it helps, so that a snapshot right after it is short. Never fails for being late. */
  settle(id: DatasetId, signal: AbortSignal): Promise<void>;

  /**
   * Keep this moment under `label`. `not_found` without the dataset, `already_exists` if the label is taken, `no_space`.
   * Where it takes several steps to keep all of a dataset, they are taken while what `still` gives is held, and it is let go
   * in any case; callers with writers that go on pass it. Else it is not called.
   */
  snapshot(id: DatasetId, label: Label, still?: HoldStill): Promise<void>;

  /**
   * Put a dataset back to `label`. Every other snapshot stays, newer ones too. An absent dataset is made anew from it.
   * Twice gives the same; an unknown label rejects with `not_found`. That, `no_space` and
   * `read_only` change nothing.
   */
  revert(id: DatasetId, label: Label): Promise<void>;

  /**
   * Put parts of a dataset back to what they are at `label`: files and folders with all that is in them, by their paths
   * inside the dataset, none within another. Paths absent in the snapshot are removed; everything else is untouched. Parts
   * are in every way as after `revert`, but for the times of change that the kernel keeps for itself. Callers stop the
   * writers to these parts only. Twice gives the same. When it rejects all parts are as before, and after a kill they are
   * so, or all are put back, once `open` or the next call has resolved. `not_found` without the dataset or the snapshot,
   * `no_space`, the signal's reason when that aborts.
   */
  restore(id: DatasetId, label: Label, paths: readonly string[], signal: AbortSignal): Promise<void>;

  /**
   * Give a snapshot another label; clones of it stay what they are. When only `to` is there it is done already, `not_found`
   * when neither is, `already_exists` when both are.
   */
  renameSnapshot(id: DatasetId, from: Label, to: Label): Promise<void>;

  /** Remove one snapshot; clones of it stay whole. An absent one is already removed. */
  removeSnapshot(id: DatasetId, label: Label): Promise<void>;

  /** Remove a dataset with its snapshots; clones of them stay whole. An absent dataset is already removed. Works on a full pool. */
  remove(id: DatasetId): Promise<void>;

  /** Everything there is, from reality, sorted by id and label. */
  list(): Promise<readonly DatasetInfo[]>;

  capacity(): Promise<Capacity>;

  /**
   * What a dataset and its snapshots occupy. Looks through the pool, so it may take seconds; an answer may be as old as it
   * took to find. `not_found` without the dataset; rejects with the signal's reason when that aborts.
   */
  usage(id: DatasetId, signal: AbortSignal): Promise<DatasetUsage>;
}

/** A tree, or parts of one, that was removed and could not be deleted yet. It is in nobody's way. */
export interface SetAside {
  /** The dataset it was, or `dataset@label`. */
  readonly what: string;
  /** Where it waits. */
  readonly path: string;
  readonly since: Date;
  /** What keeps it, for people; undefined where that does not show. */
  readonly reason: string | undefined;
}

/** A driver that puts aside what it cannot delete now: `remove`, `removeSnapshot` and `revert` do not fail for it. */
export interface SetsAside {
  /** What waits to be deleted. */
  setAside(): Promise<readonly SetAside[]>;

  /** Delete what can be deleted by now. The driver does so by itself when it is opened. */
  deleteSetAside(): Promise<void>;
}

export function setsAside(driver: StorageDriver): driver is StorageDriver & SetsAside {
  return "setAside" in driver;
}

/** A driver whose pool can be made larger. */
export interface GrowsPool {
  /**
   * Make the pool so large, in use. The size it has changes nothing; `invalid_request` for less, `wrong_state` where the pool is not
   * the daemon's own.
   */
  grow(sizeBytes: number): Promise<void>;
}

export function growsPool(driver: StorageDriver): driver is StorageDriver & GrowsPool {
  return "grow" in driver;
}

/**
 * A driver that can bound what is written into a dataset.
 *
 * A dataset's *charge* is what was written into it since it began, as an empty one, as a clone or by a revert, and is
 * still held: by itself, by its snapshots, by clones of those. What it began with is not charged again, and what was
 * written before a revert is charged to nobody any more. A *quota* bounds the charge. A write beyond it fails to its
 * writer as on a full disk, and no other dataset notices.
 *
 * The dataset keeps its quota across snapshots and reverts, both of which work at it as before it; a clone has none at
 * first.
 */
export interface BoundsSpace {
  /** Whether this pool can do it, once it is open. */
  quotaSupport(): Promise<HostProbe>;

  /**
   * Bound the charge, or with `undefined` no longer. A quota below the charge takes nothing away: writes fail until less
   * is held. `not_found` without the dataset, `unsupported` where the pool cannot. The first quota of a pool begins its
   * account: what was written before that is not charged.
   */
  setQuota(id: DatasetId, bytes: number | undefined): Promise<void>;

  /** Bytes, as old as the last write that reached the disk. Undefined where no account is kept. Quick. */
  charge(id: DatasetId): Promise<number | undefined>;
}

export function boundsSpace(driver: StorageDriver): driver is StorageDriver & BoundsSpace {
  return "setQuota" in driver;
}
