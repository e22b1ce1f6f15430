import { DockersnapError } from "@dockersnap/contract/words";
import type { HostProbe } from "../../src/platform/probe.ts";
import type {
  BoundsSpace,
  Capacity,
  DatasetId,
  DatasetInfo,
  DatasetUsage,
  HoldStill,
  Label,
  Occupied,
  StorageDriver,
} from "../../src/storage/driver.ts";
import { assertDatasetId, assertInnerPath, assertLabel } from "../../src/storage/names.ts";
import { Failures } from "../failures.ts";

/** Files by their paths. A tree that a snapshot shares is never changed, only replaced. */
class Tree extends Map<string, Uint8Array> {
  /** Trees that are nested in it, by their paths. */
  readonly nested: ReadonlyMap<string, Access>;

  constructor(files: Iterable<readonly [string, Uint8Array]> = [], nested: ReadonlyMap<string, Access> = new Map()) {
    super(files);
    this.nested = nested;
  }
}

type Access = "writable" | "read-only";

/** A dataset, or one of its snapshots. */
interface Holding {
  readonly id: DatasetId;
  readonly label: Label | undefined;
  readonly tree: Tree;
}

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
export class MemoryStorage implements StorageDriver, BoundsSpace {
  readonly info = { driver: "memory", capabilities: { quota: true, send: false } };
  /** Bytes of the pool; a test makes it smaller to run out of space. */
  total = 2 ** 40;
  /** Bytes the pool's account of its files can still take; a test makes it 0 to run out of those first. */
  metadataFree = 2 ** 30;
  /** Nothing in the pool can be changed while a test has this so. */
  isReadOnly = false;
  /** The pool is not at its path while a test has this so. */
  isHidden = false;
  /** Why there are no quotas here, where a test wants none. */
  unbounded: string | undefined;
  readonly #datasets = new Map<DatasetId, Tree>();
  readonly #snapshots = new Map<DatasetId, Map<Label, Tree>>();
  readonly #quotas = new Map<DatasetId, number>();
  /** What was written into a dataset since it began. */
  readonly #written = new Map<DatasetId, Set<Uint8Array>>();
  readonly #failures = new Failures<StorageMethod>();

  /** The next call of `method` rejects with `error` and changes nothing; several add up, first come first served. */
  failNext(method: StorageMethod, error?: Error): void {
    this.#failures.add(method, error);
  }

  async open(): Promise<void> {
    await this.#begin("open");
  }

  path(id: DatasetId): string {
    assertDatasetId(id);
    return `/memory/instances/${id}`;
  }

  snapshotPath(id: DatasetId, label: Label): string {
    assertDatasetId(id);
    assertLabel(label);
    return `/memory/snapshots/${id}/${label}`;
  }

  datasetName(id: DatasetId): string {
    assertDatasetId(id);
    return `memory/${id}`;
  }

  async hasDataset(id: DatasetId): Promise<boolean> {
    assertDatasetId(id);
    this.#assertThere();
    return this.#datasets.has(id) || (this.#snapshots.get(id)?.size ?? 0) > 0;
  }

  async hasSnapshot(id: DatasetId, label: Label): Promise<boolean> {
    assertDatasetId(id);
    assertLabel(label);
    this.#assertThere();
    return this.#snapshots.get(id)?.has(label) ?? false;
  }

  async create(id: DatasetId): Promise<void> {
    await this.#begin("create", id);
    this.#assertFree(id);
    this.#assertRoom();
    this.#datasets.set(id, new Tree());
  }

  async clone(source: DatasetId, label: Label, id: DatasetId): Promise<void> {
    await this.#begin("clone", source, label, id);
    const tree = this.#snapshot(source, label);
    this.#assertFree(id);
    this.#assertRoom();
    this.#datasets.set(id, tree);
    this.#written.delete(id);
  }

  async settle(id: DatasetId, _signal: AbortSignal): Promise<void> {
    await this.#begin("settle", id);
  }

  async snapshot(id: DatasetId, label: Label, still?: HoldStill): Promise<void> {
    await this.#begin("snapshot", id, label);
    await using _held = this.#dataset(id).nested.size > 0 ? await still?.() : undefined;
    const tree = this.#dataset(id);
    const snapshots = this.#snapshots.get(id) ?? new Map<Label, Tree>();
    if (snapshots.has(label)) {
      throw new DockersnapError("already_exists", `Dataset ${id} already has a snapshot ${label}.`);
    }
    this.#assertRoom();
    this.#snapshots.set(id, snapshots.set(label, tree));
  }

  async rename(from: DatasetId, to: DatasetId): Promise<void> {
    await this.#begin("rename", from, undefined, to);
    const isThere = (id: DatasetId) => this.#datasets.has(id) || this.#snapshots.has(id);
    if (!isThere(from)) return void this.#dataset(to);
    this.#assertFree(to);
    const all = [this.#datasets, this.#snapshots, this.#quotas, this.#written];
    for (const kept of all as readonly Map<DatasetId, unknown>[]) {
      if (kept.has(from)) kept.set(to, kept.get(from));
      kept.delete(from);
    }
  }

  async revert(id: DatasetId, label: Label): Promise<void> {
    await this.#begin("revert", id, label);
    this.#datasets.set(id, this.#snapshot(id, label));
    this.#written.delete(id);
  }

  async restore(id: DatasetId, label: Label, paths: readonly string[], signal: AbortSignal): Promise<void> {
    await this.#begin("restore", id, label);
    for (const path of paths) assertInnerPath(path);
    signal.throwIfAborted();
    const [now, then] = [this.#dataset(id), this.#snapshot(id, label)];
    const isPart = (file: string) => paths.some((path) => file === path || file.startsWith(`${path}/`));
    this.#datasets.set(
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
    const snapshots = this.#snapshots.get(id) ?? new Map<Label, Tree>();
    if (!snapshots.has(from) && snapshots.has(to)) return;
    const tree = this.#snapshot(id, from);
    if (snapshots.has(to)) throw new DockersnapError("already_exists", `Dataset ${id} already has a snapshot ${to}.`);
    snapshots.delete(from);
    snapshots.set(to, tree);
  }

  async removeSnapshot(id: DatasetId, label: Label): Promise<void> {
    await this.#begin("removeSnapshot", id, label);
    this.#snapshots.get(id)?.delete(label);
    if (this.#snapshots.get(id)?.size === 0) this.#snapshots.delete(id);
  }

  async remove(id: DatasetId): Promise<void> {
    await this.#begin("remove", id);
    this.#datasets.delete(id);
    this.#snapshots.delete(id);
    this.#written.delete(id);
    this.#quotas.delete(id);
  }

  async list(): Promise<readonly DatasetInfo[]> {
    await this.#begin("list");
    const ids = new Set([...this.#datasets.keys(), ...this.#snapshots.keys()]);
    return [...ids].sort().map((id) => ({
      id,
      present: this.#datasets.has(id),
      snapshots: [...(this.#snapshots.get(id)?.keys() ?? [])].sort(),
    }));
  }

  async capacity(): Promise<Capacity> {
    if (this.isHidden) return { total: 0, free: 0, absent: "Mount it again." };
    await this.#begin("capacity");
    return {
      total: this.total,
      free: Math.max(0, this.total - this.#used()),
      metadata: { total: 2 ** 30, free: this.metadataFree },
      ...(this.isReadOnly ? { readOnly: "Make it writable again." } : {}),
    };
  }

  async usage(id: DatasetId, signal: AbortSignal): Promise<DatasetUsage> {
    await this.#begin("usage", id);
    signal.throwIfAborted();
    this.#dataset(id);
    const all = this.#holdings();
    const without = (gone: (holding: Holding) => boolean) => sizeOf(all.filter((holding) => !gone(holding)));
    const occupied = (holding: Holding): Occupied => ({
      referenced: sizeOf([holding]),
      shared: sizeOf([holding]) + without((other) => other === holding) - sizeOf(all),
      exclusive: sizeOf(all) - without((other) => other === holding),
    });
    const own = all.filter((holding) => holding.id === id);
    const [dataset] = own.filter(({ label }) => label === undefined).map(occupied);
    const snapshots = own.flatMap((holding) =>
      holding.label === undefined ? [] : [[holding.label, occupied(holding)] as const],
    );
    return {
      dataset: dataset ?? { referenced: 0, shared: 0, exclusive: 0 },
      snapshots: Object.fromEntries(snapshots),
      freedByRemoval: sizeOf(all) - without((holding) => holding.id === id),
    };
  }

  async quotaSupport(): Promise<HostProbe> {
    return this.unbounded === undefined ? { usable: true } : { usable: false, reason: this.unbounded };
  }

  async setQuota(id: DatasetId, bytes: number | undefined): Promise<void> {
    await this.#begin("setQuota", id);
    this.#dataset(id);
    if (bytes === undefined) {
      this.#quotas.delete(id);
      return;
    }
    if (this.unbounded !== undefined) throw new DockersnapError("unsupported", this.unbounded);
    this.#quotas.set(id, bytes);
  }

  async charge(id: DatasetId): Promise<number | undefined> {
    assertDatasetId(id);
    return this.#charge(id);
  }

  quota(id: DatasetId): number | undefined {
    return this.#quotas.get(id);
  }

  isFull(path: string): boolean {
    const [, , , id = ""] = path.split("/");
    return this.#charge(id) >= (this.#quotas.get(id) ?? Number.POSITIVE_INFINITY);
  }

  /** Put bytes into a file of the dataset, as a workload would. */
  write(id: DatasetId, file: string, bytes: Uint8Array): void {
    if (this.#charge(id) + bytes.length > (this.#quotas.get(id) ?? Number.POSITIVE_INFINITY)) {
      throw Object.assign(new Error(`write ${file}: quota exceeded`), { code: "EDQUOT" });
    }
    const own = Uint8Array.from(bytes);
    const now = this.#dataset(id);
    if ([...now.nested].some(([path, access]) => access === "read-only" && file.startsWith(`${path}/`))) {
      throw Object.assign(new Error(`write ${file}: read-only`), { code: "EROFS" });
    }
    this.#datasets.set(id, new Tree(now, now.nested).set(file, own));
    this.#written.set(id, (this.#written.get(id) ?? new Set()).add(own));
  }

  /** The bytes of a file of the dataset; `undefined` where there is no such file. */
  read(id: DatasetId, file: string): Uint8Array | undefined {
    const bytes = this.#dataset(id).get(file);
    return bytes === undefined ? undefined : Uint8Array.from(bytes);
  }

  /** As `read`, of one of its snapshots. */
  readSnapshot(id: DatasetId, label: Label, file: string): Uint8Array | undefined {
    const bytes = this.#snapshot(id, label).get(file);
    return bytes === undefined ? undefined : Uint8Array.from(bytes);
  }

  /** All files of what is at a path that `path` or `snapshotPath` gives; undefined where there is nothing. */
  tree(path: string): ReadonlyMap<string, Uint8Array> | undefined {
    const [, , kind, id = "", label = ""] = path.split("/");
    return kind === "snapshots" ? this.#snapshots.get(id)?.get(label) : this.#datasets.get(id);
  }

  /** Make a tree nested in the dataset, or change whether it can be written, as a workload would. */
  nest(id: DatasetId, path: string, access: Access): void {
    const now = this.#dataset(id);
    this.#datasets.set(id, new Tree(now, new Map(now.nested).set(path, access)));
  }

  /** Trees nested in the dataset or in one of its snapshots, by their paths. */
  nested(id: DatasetId, label?: Label): Readonly<Record<string, Access>> {
    return Object.fromEntries((label === undefined ? this.#dataset(id) : this.#snapshot(id, label)).nested);
  }

  /** Delete a file of the dataset. */
  unlink(id: DatasetId, file: string): void {
    const now = this.#dataset(id);
    const tree = new Tree(now, now.nested);
    tree.delete(file);
    this.#datasets.set(id, tree);
  }

  /** Names of the dataset's files, sorted. */
  files(id: DatasetId): readonly string[] {
    return [...this.#dataset(id).keys()].sort();
  }

  /** Take the tree away and leave its snapshots, as an interrupted removal does. */
  lose(id: DatasetId): void {
    this.#datasets.delete(id);
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

  #dataset(id: DatasetId): Tree {
    const tree = this.#datasets.get(id);
    if (tree === undefined) throw new DockersnapError("not_found", `There is no dataset ${id}.`);
    return tree;
  }

  #snapshot(id: DatasetId, label: Label): Tree {
    const tree = this.#snapshots.get(id)?.get(label);
    if (tree === undefined) throw new DockersnapError("not_found", `Dataset ${id} has no snapshot ${label}.`);
    return tree;
  }

  #charge(id: DatasetId): number {
    const held = new Set(this.#holdings().flatMap(({ tree }) => [...tree.values()]));
    return [...(this.#written.get(id) ?? [])].reduce((sum, bytes) => sum + (held.has(bytes) ? bytes.length : 0), 0);
  }

  #assertFree(id: DatasetId): void {
    if (!this.#datasets.has(id) && !this.#snapshots.has(id)) return;
    throw new DockersnapError("already_exists", `Dataset ${id} exists already, or snapshots of it do.`);
  }

  #assertRoom(): void {
    if (this.#used() < this.total) return;
    throw full("data");
  }

  #used(): number {
    return sizeOf(this.#holdings());
  }

  #holdings(): Holding[] {
    return [
      ...[...this.#datasets].map(([id, tree]) => ({ id, label: undefined, tree })),
      ...[...this.#snapshots].flatMap(([id, of]) => [...of].map(([label, tree]) => ({ id, label, tree }))),
    ];
  }
}

function sizeOf(holdings: readonly Holding[]): number {
  const files = new Set(holdings.flatMap(({ tree }) => [...tree.values()]));
  return [...files].reduce((sum, bytes) => sum + bytes.length, 0);
}
