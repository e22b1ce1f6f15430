import { DockersnapError } from "@dockersnap/contract/words";
import type { DatasetId, DatasetUsage, Label, Occupied } from "../../src/storage/driver.ts";
import { assertDatasetId, assertLabel } from "../../src/storage/names.ts";

/** Files by their paths. A tree that a snapshot shares is never changed, only replaced. */
export class Tree extends Map<string, Uint8Array> {
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

/**
 * What a pool in memory holds, and what a workload does there: `write`, `read`, `unlink`, `nest`. What a driver does with
 * whole datasets is for `MemoryStorage`.
 */
export class MemoryPool {
  /** Bytes of the pool; a test makes it smaller to run out of space. */
  total = 2 ** 40;
  protected readonly datasets = new Map<DatasetId, Tree>();
  protected readonly snapshots = new Map<DatasetId, Map<Label, Tree>>();
  protected readonly quotas = new Map<DatasetId, number>();
  /** What was written into a dataset since it began. */
  protected readonly written = new Map<DatasetId, Set<Uint8Array>>();

  path(id: DatasetId): string {
    assertDatasetId(id);
    return `/memory/instances/${id}`;
  }

  snapshotPath(id: DatasetId, label: Label): string {
    assertDatasetId(id);
    assertLabel(label);
    return `/memory/snapshots/${id}/${label}`;
  }

  /** All files of what is at a path that `path` or `snapshotPath` gives; undefined where there is nothing. */
  tree(path: string): ReadonlyMap<string, Uint8Array> | undefined {
    const [, , kind, id = "", label = ""] = path.split("/");
    return kind === "snapshots" ? this.snapshots.get(id)?.get(label) : this.datasets.get(id);
  }

  isFull(path: string): boolean {
    const [, , , id = ""] = path.split("/");
    return this.chargeOf(id) >= (this.quotas.get(id) ?? Number.POSITIVE_INFINITY);
  }

  quota(id: DatasetId): number | undefined {
    return this.quotas.get(id);
  }

  /** Put bytes into a file of the dataset, as a workload would. */
  write(id: DatasetId, file: string, bytes: Uint8Array): void {
    if (this.chargeOf(id) + bytes.length > (this.quotas.get(id) ?? Number.POSITIVE_INFINITY)) {
      throw Object.assign(new Error(`write ${file}: quota exceeded`), { code: "EDQUOT" });
    }
    const own = Uint8Array.from(bytes);
    const now = this.dataset(id);
    if ([...now.nested].some(([path, access]) => access === "read-only" && file.startsWith(`${path}/`))) {
      throw Object.assign(new Error(`write ${file}: read-only`), { code: "EROFS" });
    }
    this.datasets.set(id, new Tree(now, now.nested).set(file, own));
    this.written.set(id, (this.written.get(id) ?? new Set()).add(own));
  }

  /** The bytes of a file of the dataset; `undefined` where there is no such file. */
  read(id: DatasetId, file: string): Uint8Array | undefined {
    const bytes = this.dataset(id).get(file);
    return bytes === undefined ? undefined : Uint8Array.from(bytes);
  }

  /** As `read`, of one of its snapshots. */
  readSnapshot(id: DatasetId, label: Label, file: string): Uint8Array | undefined {
    const bytes = this.snapshotTree(id, label).get(file);
    return bytes === undefined ? undefined : Uint8Array.from(bytes);
  }

  /** Delete a file of the dataset. */
  unlink(id: DatasetId, file: string): void {
    const now = this.dataset(id);
    const tree = new Tree(now, now.nested);
    tree.delete(file);
    this.datasets.set(id, tree);
  }

  /** Names of the dataset's files, sorted. */
  files(id: DatasetId): readonly string[] {
    return [...this.dataset(id).keys()].sort();
  }

  /** Make a tree nested in the dataset, or change whether it can be written, as a workload would. */
  nest(id: DatasetId, path: string, access: Access): void {
    const now = this.dataset(id);
    this.datasets.set(id, new Tree(now, new Map(now.nested).set(path, access)));
  }

  /** Trees nested in the dataset or in one of its snapshots, by their paths. */
  nested(id: DatasetId, label?: Label): Readonly<Record<string, Access>> {
    return Object.fromEntries((label === undefined ? this.dataset(id) : this.snapshotTree(id, label)).nested);
  }

  /** Take the tree away and leave its snapshots, as an interrupted removal does. */
  lose(id: DatasetId): void {
    this.datasets.delete(id);
  }

  protected dataset(id: DatasetId): Tree {
    const tree = this.datasets.get(id);
    if (tree === undefined) throw new DockersnapError("not_found", `There is no dataset ${id}.`);
    return tree;
  }

  protected snapshotTree(id: DatasetId, label: Label): Tree {
    const tree = this.snapshots.get(id)?.get(label);
    if (tree === undefined) throw new DockersnapError("not_found", `Dataset ${id} has no snapshot ${label}.`);
    return tree;
  }

  protected free(): number {
    return this.total - sizeOf(this.#holdings());
  }

  /** Bytes that were written into the dataset since it began and that something holds. */
  protected chargeOf(id: DatasetId): number {
    const held = new Set(this.#holdings().flatMap(({ tree }) => [...tree.values()]));
    return [...(this.written.get(id) ?? [])].reduce((sum, bytes) => sum + (held.has(bytes) ? bytes.length : 0), 0);
  }

  protected usageOf(id: DatasetId): DatasetUsage {
    this.dataset(id);
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

  #holdings(): Holding[] {
    return [
      ...[...this.datasets].map(([id, tree]) => ({ id, label: undefined, tree })),
      ...[...this.snapshots].flatMap(([id, of]) => [...of].map(([label, tree]) => ({ id, label, tree }))),
    ];
  }
}

function sizeOf(holdings: readonly Holding[]): number {
  const files = new Set(holdings.flatMap(({ tree }) => [...tree.values()]));
  return [...files].reduce((sum, bytes) => sum + bytes.length, 0);
}
