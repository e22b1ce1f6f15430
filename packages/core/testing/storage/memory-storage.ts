import { DockersnapError } from "@dockersnap/contract/words";
import type { HostProbe } from "../../src/base/probe.ts";
import type {
  BoundsSpace,
  Capacity,
  DatasetId,
  DatasetInfo,
  DatasetUsage,
  HoldStill,
  Label,
  StorageDriver,
} from "../../src/storage/driver.ts";
import { assertDatasetId, assertInnerPath, assertLabel } from "../../src/storage/names.ts";
import { Failures } from "../failures.ts";
import { MemoryPool, Tree } from "./memory-pool.ts";

/** Methods of the driver that can be made to fail. */
export type StorageMethod =
  | "open"
  | "create"
  | "clone"
  | "settle"
  | "snapshot"
  | "rename"
  | "revert"
  | "restore"
  | "renameSnapshot"
  | "removeSnapshot"
  | "remove"
  | "list"
  | "capacity"
  | "usage"
  | "setQuota";

/** What cannot be done in a pool that is read-only. */
const changing: ReadonlySet<StorageMethod> = new Set([
  ...(["create", "clone", "snapshot", "rename", "revert", "restore"] as const),
  ...(["renameSnapshot", "removeSnapshot", "remove", "setQuota"] as const),
]);

/** What takes a little of the pool's account of its files. */
const growing: ReadonlySet<StorageMethod> = new Set(["create", "clone", "snapshot", "revert", "restore"]);

function full(what: "data" | "metadata"): DockersnapError {
  return new DockersnapError("no_space", `The pool has no ${what} space left; remove snapshots or instances.`, {
    details: { what },
  });
}

/**
 * A storage that keeps every byte in memory and promises what real drivers promise. Tests reach the files of a dataset
 * with `write`, `read` and `files`, and make the next call of a method fail with `failNext`.
 */
export class MemoryStorage extends MemoryPool implements StorageDriver, BoundsSpace {
  readonly info = { driver: "memory", capabilities: { quota: true, send: false } };
  /** Bytes the pool's account of its files can still take; a test makes it 0 to run out of those first. */
  metadataFree = 2 ** 30;
  /** Nothing in the pool can be changed while a test has this so. */
  isReadOnly = false;
  /** The pool is not at its path while a test has this so. */
  isHidden = false;
  /** Why there are no quotas here, where a test wants none. */
  unbounded: string | undefined;
  readonly #failures = new Failures<StorageMethod>();

  /** The next call of `method` rejects with `error` and changes nothing; several add up, first come first served. */
  failNext(method: StorageMethod, error?: Error): void {
    this.#failures.add(method, error);
  }

  async open(): Promise<void> {
    await this.#begin("open");
  }

  datasetName(id: DatasetId): string {
    assertDatasetId(id);
    return `memory/${id}`;
  }

  async hasDataset(id: DatasetId): Promise<boolean> {
    assertDatasetId(id);
    this.#assertThere();
    return this.datasets.has(id) || (this.snapshots.get(id)?.size ?? 0) > 0;
  }

  async hasSnapshot(id: DatasetId, label: Label): Promise<boolean> {
    assertDatasetId(id);
    assertLabel(label);
    this.#assertThere();
    return this.snapshots.get(id)?.has(label) ?? false;
  }

  async create(id: DatasetId): Promise<void> {
    await this.#begin("create", id);
    this.#assertFree(id);
    this.#assertRoom();
    this.datasets.set(id, new Tree());
  }

  async clone(source: DatasetId, label: Label, id: DatasetId): Promise<void> {
    await this.#begin("clone", source, label, id);
    const tree = this.snapshotTree(source, label);
    this.#assertFree(id);
    this.#assertRoom();
    this.datasets.set(id, tree);
    this.written.delete(id);
  }

  async settle(id: DatasetId, _signal: AbortSignal): Promise<void> {
    await this.#begin("settle", id);
  }

  async snapshot(id: DatasetId, label: Label, still?: HoldStill): Promise<void> {
    await this.#begin("snapshot", id, label);
    await using _held = this.dataset(id).nested.size > 0 ? await still?.() : undefined;
    const tree = this.dataset(id);
    const snapshots = this.snapshots.get(id) ?? new Map<Label, Tree>();
    if (snapshots.has(label)) {
      throw new DockersnapError("already_exists", `Dataset ${id} already has a snapshot ${label}.`);
    }
    this.#assertRoom();
    this.snapshots.set(id, snapshots.set(label, tree));
  }

  async rename(from: DatasetId, to: DatasetId): Promise<void> {
    await this.#begin("rename", from, undefined, to);
    const isThere = (id: DatasetId) => this.datasets.has(id) || this.snapshots.has(id);
    if (!isThere(from)) return void this.dataset(to);
    this.#assertFree(to);
    const all = [this.datasets, this.snapshots, this.quotas, this.written];
    for (const kept of all as readonly Map<DatasetId, unknown>[]) {
      if (kept.has(from)) kept.set(to, kept.get(from));
      kept.delete(from);
    }
  }

  async revert(id: DatasetId, label: Label): Promise<void> {
    await this.#begin("revert", id, label);
    this.datasets.set(id, this.snapshotTree(id, label));
    this.written.delete(id);
  }

  async restore(id: DatasetId, label: Label, paths: readonly string[], signal: AbortSignal): Promise<void> {
    await this.#begin("restore", id, label);
    for (const path of paths) assertInnerPath(path);
    signal.throwIfAborted();
    const [now, then] = [this.dataset(id), this.snapshotTree(id, label)];
    const isPart = (file: string) => paths.some((path) => file === path || file.startsWith(`${path}/`));
    this.datasets.set(
      id,
      new Tree(
        [...[...now].filter(([file]) => !isPart(file)), ...[...then].filter(([file]) => isPart(file))],
        new Map([
          ...[...now.nested].filter(([path]) => !isPart(path)),
          ...[...then.nested].filter(([path]) => isPart(path)),
        ]),
      ),
    );
  }

  async renameSnapshot(id: DatasetId, from: Label, to: Label): Promise<void> {
    await this.#begin("renameSnapshot", id, from);
    assertLabel(to);
    const snapshots = this.snapshots.get(id) ?? new Map<Label, Tree>();
    if (!snapshots.has(from) && snapshots.has(to)) return;
    const tree = this.snapshotTree(id, from);
    if (snapshots.has(to)) throw new DockersnapError("already_exists", `Dataset ${id} already has a snapshot ${to}.`);
    snapshots.delete(from);
    snapshots.set(to, tree);
  }

  async removeSnapshot(id: DatasetId, label: Label): Promise<void> {
    await this.#begin("removeSnapshot", id, label);
    this.snapshots.get(id)?.delete(label);
    if (this.snapshots.get(id)?.size === 0) this.snapshots.delete(id);
  }

  async remove(id: DatasetId): Promise<void> {
    await this.#begin("remove", id);
    this.datasets.delete(id);
    this.snapshots.delete(id);
    this.written.delete(id);
    this.quotas.delete(id);
  }

  async list(): Promise<readonly DatasetInfo[]> {
    await this.#begin("list");
    const ids = new Set([...this.datasets.keys(), ...this.snapshots.keys()]);
    return [...ids].sort().map((id) => ({
      id,
      present: this.datasets.has(id),
      snapshots: [...(this.snapshots.get(id)?.keys() ?? [])].sort(),
    }));
  }

  async capacity(): Promise<Capacity> {
    if (this.isHidden) return { total: 0, free: 0, absent: "Mount it again." };
    await this.#begin("capacity");
    return {
      total: this.total,
      free: Math.max(0, this.free()),
      metadata: { total: 2 ** 30, free: this.metadataFree },
      ...(this.isReadOnly ? { readOnly: "Make it writable again." } : {}),
    };
  }

  async usage(id: DatasetId, signal: AbortSignal): Promise<DatasetUsage> {
    await this.#begin("usage", id);
    signal.throwIfAborted();
    return this.usageOf(id);
  }

  async quotaSupport(): Promise<HostProbe> {
    return this.unbounded === undefined ? { usable: true } : { usable: false, reason: this.unbounded };
  }

  async setQuota(id: DatasetId, bytes: number | undefined): Promise<void> {
    await this.#begin("setQuota", id);
    this.dataset(id);
    if (bytes === undefined) {
      this.quotas.delete(id);
      return;
    }
    if (this.unbounded !== undefined) throw new DockersnapError("unsupported", this.unbounded);
    this.quotas.set(id, bytes);
  }

  async charge(id: DatasetId): Promise<number | undefined> {
    assertDatasetId(id);
    return this.chargeOf(id);
  }

  /** Others run before the call takes effect, as they do around a real one. */
  async #begin(method: StorageMethod, id?: DatasetId, label?: Label, other?: DatasetId): Promise<void> {
    if (id !== undefined) assertDatasetId(id);
    if (label !== undefined) assertLabel(label);
    if (other !== undefined) assertDatasetId(other);
    await Promise.resolve();
    this.#failures.meet(method);
    this.#assertThere();
    if (this.isReadOnly && changing.has(method)) {
      throw new DockersnapError("read_only", "The pool is read-only. Make it writable again.");
    }
    if (this.metadataFree <= 0 && growing.has(method)) throw full("metadata");
  }

  #assertThere(): void {
    if (this.isHidden) throw new DockersnapError("unmounted", "The pool is not mounted. Mount it again.");
  }

  #assertFree(id: DatasetId): void {
    if (!this.datasets.has(id) && !this.snapshots.has(id)) return;
    throw new DockersnapError("already_exists", `Dataset ${id} exists already, or snapshots of it do.`);
  }

  #assertRoom(): void {
    if (this.free() > 0) return;
    throw full("data");
  }
}
