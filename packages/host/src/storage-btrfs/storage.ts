import { mkdir, readdir, rename } from "node:fs/promises";
import { dirname, join } from "node:path";
import { DockersnapError, instanceNamePattern, snapshotLabelPattern } from "@dockersnap/contract/words";
import {
  assertDatasetId,
  assertInnerPath,
  assertLabel,
  type BoundsSpace,
  type Capacity,
  type DatasetId,
  type DatasetInfo,
  type DatasetUsage,
  type GrowsPool,
  type HoldStill,
  type HostProbe,
  type Label,
  type SetAside,
  type SetsAside,
  type StorageDriver,
} from "@dockersnap/core";
import { type Charged, Copies } from "./copies.ts";
import { entries, removeIfEmpty, syncDirectory } from "./directory.ts";
import { moveSnapshot, moveTree } from "./file-flags.ts";
import type { BtrfsOptions } from "./options.ts";
import { OwnFolder } from "./own-folder.ts";
import { Parts } from "./parts.ts";
import { growPool, mountOf, openPool, type Pool } from "./pool.ts";
import { Quotas } from "./quotas.ts";
import { Removal } from "./removal.ts";
import { settle } from "./settle.ts";
import { Space } from "./space.ts";
import { createSubvolume, isSubvolume, kindOf, reclaimSpace } from "./subvolume.ts";
import { Swap } from "./swap.ts";
import { UsageMeter } from "./usage.ts";

/** The driver, with what only this one can do. */
export interface BtrfsStorage extends StorageDriver, GrowsPool, BoundsSpace, SetsAside {
  /** Whether the kernel keeps the pool's unwritten data small, which keeps snapshots under load short. Known once open. */
  readonly dirtyDataBounded: boolean;
}

/**
 * Datasets as subvolumes of a btrfs, `<pool>/instances/<id>`, and their snapshots as read-only ones,
 * `<pool>/snapshots/<id>/<label>`, each with the subvolumes that a workload made inside of it. What resolved is on disk.
 * What is not whole yet, or to be deleted, lies in `<pool>/.dockersnap`.
 */
export function createBtrfsStorage(options: BtrfsOptions): BtrfsStorage {
  return new BtrfsDriver(options);
}

class BtrfsDriver implements BtrfsStorage {
  readonly #options: BtrfsOptions;
  readonly #instances: string;
  readonly #snapshots: string;
  readonly #own: OwnFolder;
  readonly #copies: Copies;
  readonly #removal: Removal;
  readonly #swap: Swap;
  readonly #parts: Parts;
  readonly #meter: UsageMeter;
  #pool: Pool | undefined;
  #growing: Promise<void> = Promise.resolve();
  #canBound = false;

  constructor(options: BtrfsOptions) {
    this.#options = options;
    this.#instances = join(mountOf(options), "instances");
    this.#snapshots = join(mountOf(options), "snapshots");
    this.#meter = new UsageMeter(mountOf(options));
    this.#own = new OwnFolder(mountOf(options));
    this.#copies = new Copies(this.#own);
    this.#removal = new Removal(this.#own, this.#snapshots);
    this.#parts = new Parts({
      pool: mountOf(options),
      own: this.#own,
      copies: this.#copies,
      removal: this.#removal,
      unbounded: (id, work) => this.#quotas.unbounded(id, work),
    });
    this.#swap = new Swap({
      own: this.#own,
      instances: this.#instances,
      copies: this.#copies,
      removal: this.#removal,
      account: {
        charged: async (id) => this.#charged(id, await this.#quotas.joining(id)),
        leave: (id, tree) => this.#quotas.leave(id, tree),
        unbounded: (id, work) => this.#quotas.unbounded(id, work),
      },
    });
  }

  get info() {
    return { driver: "btrfs", capabilities: { quota: this.#canBound, send: false, diff: false } };
  }

  get dirtyDataBounded(): boolean {
    return this.#pool?.bounded ?? false;
  }

  get #space(): Space {
    return new Space(mountOf(this.#options), this.#options);
  }

  get #quotas(): Quotas {
    return new Quotas({ mount: mountOf(this.#options), device: this.#pool?.device });
  }

  async open({ holdsData = false }: { readonly holdsData?: boolean } = {}): Promise<void> {
    this.#pool = await openPool(this.#options, holdsData);
    this.#canBound = (await this.#quotas.support()).usable;
    await this.#doing(`The pool at ${mountOf(this.#options)} could not be made ready`, async () => {
      // What is in it can be read and told about; whatever would change it says why it cannot.
      if ((await this.#space.capacity()).readOnly !== undefined) return;
      // dockerd with remapped users passes through as one of them; nobody but root looks at snapshots.
      await mkdir(this.#instances, { recursive: true, mode: 0o711 });
      await mkdir(this.#snapshots, { recursive: true, mode: 0o700 });
      await this.#own.make();
      // One that cannot be brought to an end must not keep the others from being used; whoever uses it is told why.
      for (const id of await this.#swap.unfinished()) await this.#swap.finish(id).catch(() => undefined);
      await this.#parts.finishAll();
      await this.#removal.tryAgain();
      await this.#copies.tidy(mountOf(this.#options));
      await this.#quotas.tidy();
    });
  }

  path(id: DatasetId): string {
    assertDatasetId(id);
    return join(this.#instances, id);
  }

  snapshotPath(id: DatasetId, label: Label): string {
    assertDatasetId(id);
    assertLabel(label);
    return join(this.#snapshots, id, label);
  }

  datasetName(id: DatasetId): string {
    assertDatasetId(id);
    return `instances/${id}`;
  }

  async hasDataset(id: DatasetId): Promise<boolean> {
    const path = this.path(id);
    return this.#doing(`Whether there is a dataset ${id} could not be found out`, async () => {
      await this.#swap.finish(id);
      return (await kindOf(path)) !== "absent" || (await this.#labels(id)).length > 0;
    });
  }

  async hasSnapshot(id: DatasetId, label: Label): Promise<boolean> {
    const path = this.snapshotPath(id, label);
    return this.#doing(`Whether ${id} has a snapshot ${label} could not be found out`, () => isSubvolume(path));
  }

  async create(id: DatasetId): Promise<void> {
    const path = this.path(id);
    await this.#doing(`The dataset ${id} could not be created`, async () => {
      await this.#assertFree(id);
      await createSubvolume(path, await this.#quotas.beginning(id));
      await syncDirectory(this.#instances);
      this.#meter.changed();
    });
  }

  async clone(source: DatasetId, label: Label, id: DatasetId): Promise<void> {
    const path = this.path(id);
    const snapshot = this.snapshotPath(source, label);
    await this.#doing(`The dataset ${id} could not be made from snapshot ${label} of ${source}`, async () => {
      await this.#assertSnapshot(source, label);
      await this.#assertFree(id);
      await this.#copies.makeTree(snapshot, path, this.#charged(id, await this.#quotas.beginning(id)));
      this.#meter.changed();
    });
  }

  async rename(from: DatasetId, to: DatasetId): Promise<void> {
    const [source, target] = [this.path(from), this.path(to)];
    const [snapshots, targetSnapshots] = [join(this.#snapshots, from), join(this.#snapshots, to)];
    await this.#doing(`The dataset ${from} could not be renamed to ${to}`, async () => {
      await this.#swap.finish(from);
      const there = async (tree: string, labels: string) =>
        (await isSubvolume(tree)) || (await entries(labels)).length > 0;
      const [present, taken] = await Promise.all([there(source, snapshots), kindOf(target)]);
      if (!present) {
        if (taken === "subvolume") return this.#quotas.forget(from);
        throw new DockersnapError("not_found", `There is no dataset ${from}.`);
      }
      if (taken !== "absent") {
        throw new DockersnapError("already_exists", `Dataset ${to} exists; choose another name, or remove it first.`);
      }
      await this.#quotas.share(from, to);
      // The tree last: until it has moved, the whole is found under the old name and moved by the next.
      const hasSnapshots = (await entries(snapshots)).length > 0;
      if (hasSnapshots) await rename(snapshots, targetSnapshots);
      if (await isSubvolume(source)) {
        await this.#quotas.unbounded(from, () => this.#quotas.unbounded(to, () => moveTree(source, target)));
      }
      this.#meter.changed();
      await this.#quotas.forget(from);
      await Promise.all([this.#instances, ...(hasSnapshots ? [this.#snapshots] : [])].map(syncDirectory));
    });
  }

  async settle(id: DatasetId, signal: AbortSignal): Promise<void> {
    assertDatasetId(id);
    // With a bound so little is dirty that the snapshot writes it out as fast as a sync before it would, and only once.
    if (this.dirtyDataBounded) return;
    await this.#doing(`What is unwritten of ${id} could not be written out`, () =>
      settle(mountOf(this.#options), signal),
    );
  }

  async snapshot(id: DatasetId, label: Label, still: HoldStill = notHeld): Promise<void> {
    const path = this.path(id);
    const target = this.snapshotPath(id, label);
    await this.#doing(`The snapshot ${label} of ${id} could not be taken`, async () => {
      const [taken] = await Promise.all([kindOf(target), this.#swap.finish(id), this.#space.assertForSnapshot()]);
      if (!(await isSubvolume(path))) throw new DockersnapError("not_found", `There is no dataset ${id}.`);
      await this.#parts.finish({ tree: path, dataset: id });
      if (taken !== "absent") {
        throw new DockersnapError("already_exists", `Dataset ${id} has a snapshot ${label}; choose another label.`);
      }
      await mkdir(dirname(target), { recursive: true, mode: 0o700 });
      await this.#copies.takeMoment(path, target, still);
      this.#meter.changed();
    });
  }

  async revert(id: DatasetId, label: Label): Promise<void> {
    assertDatasetId(id);
    const snapshot = this.snapshotPath(id, label);
    await this.#doing(`The dataset ${id} could not be put back to ${label}`, async () => {
      await this.#assertSnapshot(id, label);
      await this.#swap.replace(id, snapshot);
      this.#meter.changed();
    });
  }

  async restore(id: DatasetId, label: Label, paths: readonly string[], signal: AbortSignal): Promise<void> {
    const path = this.path(id);
    const snapshot = this.snapshotPath(id, label);
    for (const part of paths) assertInnerPath(part);
    signal.throwIfAborted();
    await this.#doing(`Parts of ${id} could not be put back to ${label}`, async () => {
      await Promise.all([this.#assertSnapshot(id, label), this.#swap.finish(id)]);
      if (!(await isSubvolume(path))) throw new DockersnapError("not_found", `There is no dataset ${id}.`);
      try {
        const settled = () => this.#quotas.join(id, path);
        await this.#parts.restore({ tree: path, dataset: id, snapshot, paths, signal, settled });
      } catch (error) {
        signal.throwIfAborted();
        throw error;
      }
      this.#meter.changed();
    });
  }

  async renameSnapshot(id: DatasetId, from: Label, to: Label): Promise<void> {
    const [source, target] = [this.snapshotPath(id, from), this.snapshotPath(id, to)];
    await this.#doing(`The snapshot ${from} of ${id} could not be renamed to ${to}`, async () => {
      const [present, taken] = await Promise.all([isSubvolume(source), kindOf(target)]);
      if (!present) {
        if (taken === "subvolume") return;
        throw new DockersnapError("not_found", `Dataset ${id} has no snapshot ${from}.`);
      }
      if (taken !== "absent") {
        throw new DockersnapError("already_exists", `Dataset ${id} has a snapshot ${to}; choose another label.`);
      }
      await moveSnapshot(source, target);
      this.#meter.changed();
      await syncDirectory(dirname(target));
    });
  }

  async removeSnapshot(id: DatasetId, label: Label): Promise<void> {
    const path = this.snapshotPath(id, label);
    await this.#doing(`The snapshot ${label} of ${id} could not be removed`, async () => {
      if (!(await isSubvolume(path))) return;
      await this.#removal.remove([{ path, what: `${id}@${label}` }]);
      await removeIfEmpty(dirname(path));
      // What a dataset at its quota is given room by is wanted back at once too.
      await this.#persistRemoval(await this.#quotas.isNearlyReached(id));
    });
  }

  async remove(id: DatasetId): Promise<void> {
    const path = this.path(id);
    const snapshots = join(this.#snapshots, id);
    await this.#doing(`The dataset ${id} could not be removed`, async () => {
      // What a killed swap left goes before the tree, or the next one to finish would bring that back.
      const trees = [...(await this.#swap.waiting(id)), ...((await isSubvolume(path)) ? [{ path, what: id }] : [])];
      const labels = (await this.#labels(id)).map((label) => ({
        path: join(snapshots, label),
        what: `${id}@${label}`,
      }));
      await this.#removal.remove([...trees, ...labels]);
      await this.#removal.removeFolder(snapshots);
      await this.#quotas.forget(id);
      await this.#persistRemoval(false);
    });
  }

  async list(): Promise<readonly DatasetInfo[]> {
    return this.#doing(`The pool at ${mountOf(this.#options)} could not be read`, async () => {
      const present = new Set(await this.#swap.present());
      const labels = new Map<DatasetId, readonly Label[]>();
      for (const id of await readdir(this.#snapshots)) labels.set(id, await this.#labels(id));
      const left = [...labels].filter(([, of]) => of.length > 0).map(([id]) => id);
      return [...new Set([...present, ...left])]
        .filter((id) => instanceNamePattern.test(id))
        .sort()
        .map((id) => ({ id, present: present.has(id), snapshots: labels.get(id) ?? [] }));
    });
  }

  async capacity(): Promise<Capacity> {
    return this.#doing(`The pool at ${mountOf(this.#options)} could not be measured`, () => this.#space.capacity());
  }

  async usage(id: DatasetId, signal: AbortSignal): Promise<DatasetUsage> {
    assertDatasetId(id);
    const measuring = this.#doing(`What ${id} occupies could not be found out`, () => this.#meter.measure());
    const usage = (await beforeAbort(measuring, signal)).get(id);
    if (usage === undefined) throw new DockersnapError("not_found", `There is no dataset ${id}.`);
    return usage;
  }

  async quotaSupport(): Promise<HostProbe> {
    return this.#quotas.support();
  }

  async setQuota(id: DatasetId, bytes: number | undefined): Promise<void> {
    const path = this.path(id);
    await this.#doing(`The quota of ${id} could not be set`, async () => {
      await this.#swap.finish(id);
      if (!(await isSubvolume(path))) throw new DockersnapError("not_found", `There is no dataset ${id}.`);
      await this.#quotas.set(id, path, bytes);
    });
  }

  async charge(id: DatasetId): Promise<number | undefined> {
    assertDatasetId(id);
    return this.#quotas.charge(id);
  }

  async setAside(): Promise<readonly SetAside[]> {
    return this.#doing("What waits to be deleted could not be found out", async () =>
      (await Promise.all([this.#removal.list(), this.#parts.list()])).flat(),
    );
  }

  async deleteSetAside(): Promise<void> {
    await this.#doing("What waits to be deleted could not be looked at", async () => {
      await this.#parts.tryAgain();
      await this.#removal.tryAgain();
    });
  }

  async grow(sizeBytes: number): Promise<void> {
    // One after the other: a second one that had looked before the first was done would cut off what that added.
    const grown = this.#growing.then(() => growPool(this.#options, sizeBytes));
    this.#growing = grown.catch(() => undefined);
    await grown;
  }

  #charged(id: DatasetId, joining: readonly string[]): Charged {
    return { joining, join: (tree) => this.#quotas.join(id, tree) };
  }

  async #labels(id: DatasetId): Promise<readonly Label[]> {
    const labels = (await entries(join(this.#snapshots, id))).filter((label) => snapshotLabelPattern.test(label));
    return (await only((label) => isSubvolume(join(this.#snapshots, id, label)), labels)).sort();
  }

  async #assertSnapshot(id: DatasetId, label: Label): Promise<void> {
    if (await isSubvolume(this.snapshotPath(id, label))) return;
    throw new DockersnapError("not_found", `Dataset ${id} has no snapshot ${label}.`);
  }

  async #assertFree(id: DatasetId): Promise<void> {
    if (await this.hasDataset(id)) {
      throw new DockersnapError(
        "already_exists",
        `Dataset ${id} exists, or snapshots of it do; choose another name, or remove it first.`,
      );
    }
    await this.#space.assertForDataset();
  }

  /** One transaction of the file system carries every deletion before it to disk. */
  async #persistRemoval(isWanted: boolean): Promise<void> {
    this.#meter.changed();
    if (isWanted || (await this.#space.isScarce())) await reclaimSpace(mountOf(this.#options));
    else await syncDirectory(this.#instances);
  }

  /** Failures of `work` in our words. btrfs(8) has one exit code for all, so whether space was the cause is looked up. */
  async #doing<T>(what: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (error instanceof DockersnapError) throw error;
      const why = error instanceof Error ? error.message : String(error);
      await this.#space.assertWritable();
      const full = await this.#space.usedUp().catch(() => undefined);
      if (full !== undefined) throw this.#space.full(full, `${what}: ${why}`);
      throw new DockersnapError("internal", `${what}: ${why}`, { cause: error });
    }
  }
}

/** For callers whose writers are stopped already. */
const notHeld: HoldStill = async () => ({ [Symbol.asyncDispose]: async () => undefined });

/** Those that pass, in their order. */
async function only(test: (item: string) => Promise<boolean>, items: readonly string[]): Promise<string[]> {
  const verdicts = await Promise.all(items.map(test));
  return items.filter((_, index) => verdicts[index]);
}

/** Rejects with the signal's reason when that comes first; the work goes on for others who wait for it. */
async function beforeAbort<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const onAbort = () => reject(signal.reason);
  if (signal.aborted) onAbort();
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    return await Promise.race([work, promise]);
  } finally {
    signal.removeEventListener("abort", onAbort);
    work.catch(() => undefined);
  }
}
