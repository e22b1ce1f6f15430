import { mkdir } from "node:fs/promises";
import { DockersnapError } from "@dockersnap/contract/words";
import {
  assertDatasetId,
  assertInnerPath,
  type BoundsSpace,
  beforeAbort,
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
import { Copies } from "./copies.ts";
import { charged, Datasets } from "./datasets.ts";
import { Layout } from "./layout.ts";
import type { BtrfsOptions } from "./options.ts";
import { OwnFolder } from "./own-folder.ts";
import { Parts } from "./parts.ts";
import { Place } from "./place.ts";
import { growPool, mountOf } from "./pool.ts";
import { Quotas } from "./quotas.ts";
import { Removal } from "./removal.ts";
import { settle } from "./settle.ts";
import { Snapshots } from "./snapshots.ts";
import { Space } from "./space.ts";
import { isSubvolume } from "./subvolume.ts";
import { Swap } from "./swap.ts";
import { UsageMeter } from "./usage.ts";
import type { Workers } from "./workers.ts";

/** The driver, with what only this one can do. */
export interface BtrfsStorage extends StorageDriver, GrowsPool, BoundsSpace, SetsAside {
  /** Whether the kernel keeps the pool's unwritten data small, which keeps snapshots under load short. Known once open. */
  readonly dirtyDataBounded: boolean;

  /** `told` is called each time something had unmounted the daemon's own pool and it was mounted again. */
  whenRestored(told: () => void): void;
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
  readonly #layout: Layout;
  readonly #own: OwnFolder;
  readonly #place: Place;
  readonly #workers: Workers;
  readonly #datasets: Datasets;
  readonly #snapshots: Snapshots;
  #growing: Promise<void> = Promise.resolve();
  #canBound = false;

  constructor(options: BtrfsOptions) {
    this.#options = options;
    this.#layout = new Layout(mountOf(options));
    this.#own = new OwnFolder(mountOf(options));
    this.#place = new Place(options);
    this.#workers = workersOf(options, this.#layout, this.#own, () => this.#quotas);
    this.#datasets = new Datasets(this.#workers);
    this.#snapshots = new Snapshots(this.#workers);
  }

  get info() {
    return { driver: "btrfs", capabilities: { quota: this.#canBound, send: false, diff: false } };
  }

  get dirtyDataBounded(): boolean {
    return this.#place.pool?.bounded ?? false;
  }

  get #quotas(): Quotas {
    return new Quotas({ mount: this.#layout.mount, device: this.#place.pool?.device });
  }

  async open({ holdsData = false }: { readonly holdsData?: boolean } = {}): Promise<void> {
    await this.#place.open(holdsData);
    this.#canBound = (await this.#quotas.support()).usable;
    await this.#doing(`The pool at ${this.#layout.mount} could not be made ready`, async () => {
      const { space, swap, parts, removal, copies } = this.#workers;
      // What is in it can be read and told about; whatever would change it says why it cannot.
      if ((await space.capacity()).readOnly !== undefined) return;
      // dockerd with remapped users passes through as one of them; nobody but root looks at snapshots.
      await mkdir(this.#layout.instances, { recursive: true, mode: 0o711 });
      await mkdir(this.#layout.snapshots, { recursive: true, mode: 0o700 });
      await this.#own.make();
      // One that cannot be brought to an end must not keep the others from being used; whoever uses it is told why.
      for (const id of await swap.unfinished()) await swap.finish(id).catch(() => undefined);
      await parts.finishAll();
      await removal.tryAgain();
      await copies.tidy(this.#layout.mount, this.#layout.snapshots);
      await this.#quotas.tidy();
    });
  }

  whenRestored(told: () => void): void {
    this.#place.whenRestored(told);
  }

  path(id: DatasetId): string {
    return this.#layout.tree(id);
  }

  snapshotPath(id: DatasetId, label: Label): string {
    return this.#layout.snapshot(id, label);
  }

  datasetName(id: DatasetId): string {
    assertDatasetId(id);
    return `instances/${id}`;
  }

  async hasDataset(id: DatasetId): Promise<boolean> {
    return this.#doing(`Whether there is a dataset ${id} could not be found out`, () => this.#datasets.has(id));
  }

  async hasSnapshot(id: DatasetId, label: Label): Promise<boolean> {
    const path = this.snapshotPath(id, label);
    return this.#doing(`Whether ${id} has a snapshot ${label} could not be found out`, () => isSubvolume(path));
  }

  async create(id: DatasetId): Promise<void> {
    await this.#doing(`The dataset ${id} could not be created`, () => this.#datasets.create(id));
  }

  async clone(source: DatasetId, label: Label, id: DatasetId): Promise<void> {
    await this.#doing(`The dataset ${id} could not be made from snapshot ${label} of ${source}`, () =>
      this.#datasets.clone(source, label, id),
    );
  }

  async rename(from: DatasetId, to: DatasetId): Promise<void> {
    await this.#doing(`The dataset ${from} could not be renamed to ${to}`, () => this.#datasets.rename(from, to));
  }

  async settle(id: DatasetId, signal: AbortSignal): Promise<void> {
    assertDatasetId(id);
    // With a bound so little is dirty that the snapshot writes it out as fast as a sync before it would, and only once.
    if (this.dirtyDataBounded) return;
    await this.#doing(`What is unwritten of ${id} could not be written out`, () => settle(this.#layout.mount, signal));
  }

  async snapshot(id: DatasetId, label: Label, still: HoldStill = notHeld): Promise<void> {
    await this.#doing(`The snapshot ${label} of ${id} could not be taken`, () =>
      this.#snapshots.take(id, label, still),
    );
  }

  async revert(id: DatasetId, label: Label): Promise<void> {
    await this.#doing(`The dataset ${id} could not be put back to ${label}`, () => this.#datasets.revert(id, label));
  }

  async restore(id: DatasetId, label: Label, paths: readonly string[], signal: AbortSignal): Promise<void> {
    for (const part of paths) assertInnerPath(part);
    signal.throwIfAborted();
    const putting = this.#doing(`Parts of ${id} could not be put back to ${label}`, () =>
      this.#datasets.restore(id, label, paths, signal),
    );
    await putting.catch((error: unknown) => {
      signal.throwIfAborted();
      throw error;
    });
  }

  async renameSnapshot(id: DatasetId, from: Label, to: Label): Promise<void> {
    await this.#doing(`The snapshot ${from} of ${id} could not be renamed to ${to}`, () =>
      this.#snapshots.rename(id, from, to),
    );
  }

  async removeSnapshot(id: DatasetId, label: Label): Promise<void> {
    await this.#doing(`The snapshot ${label} of ${id} could not be removed`, () => this.#snapshots.remove(id, label));
  }

  async remove(id: DatasetId): Promise<void> {
    await this.#doing(`The dataset ${id} could not be removed`, () => this.#datasets.remove(id));
  }

  async list(): Promise<readonly DatasetInfo[]> {
    return this.#doing(`The pool at ${this.#layout.mount} could not be read`, () => this.#datasets.list());
  }

  async capacity(): Promise<Capacity> {
    const absent = await this.#place.whyAbsent();
    // The numbers of whatever the path leads to instead are those of another file system.
    if (absent !== undefined) return { total: 0, free: 0, absent };
    return this.#doing(`The pool at ${this.#layout.mount} could not be measured`, () => this.#workers.space.capacity());
  }

  async usage(id: DatasetId, signal: AbortSignal): Promise<DatasetUsage> {
    assertDatasetId(id);
    const measuring = this.#doing(`What ${id} occupies could not be found out`, () => this.#workers.meter.measure());
    const usage = (await beforeAbort(measuring, signal)).get(id);
    if (usage === undefined) throw new DockersnapError("not_found", `There is no dataset ${id}.`);
    return usage;
  }

  async quotaSupport(): Promise<HostProbe> {
    return this.#quotas.support();
  }

  async setQuota(id: DatasetId, bytes: number | undefined): Promise<void> {
    await this.#doing(`The quota of ${id} could not be set`, () => this.#datasets.setQuota(id, bytes));
  }

  async charge(id: DatasetId): Promise<number | undefined> {
    assertDatasetId(id);
    if ((await this.#place.whyAbsent()) !== undefined) return undefined;
    return this.#quotas.charge(id);
  }

  async setAside(): Promise<readonly SetAside[]> {
    const { removal, parts } = this.#workers;
    return this.#doing("What waits to be deleted could not be found out", async () =>
      (await Promise.all([removal.list(), parts.list()])).flat(),
    );
  }

  async deleteSetAside(): Promise<void> {
    const { removal, parts } = this.#workers;
    await this.#doing("What waits to be deleted could not be looked at", async () => {
      await parts.tryAgain();
      await removal.tryAgain();
    });
  }

  async grow(sizeBytes: number): Promise<void> {
    // One after the other: a second one that had looked before the first was done would cut off what that added.
    const grown = this.#growing.then(async () => {
      await this.#place.assertThere();
      await growPool(this.#options, sizeBytes);
    });
    this.#growing = grown.catch(() => undefined);
    await grown;
  }

  /** Failures of `work` in our words. btrfs(8) has one exit code for all, so whether space was the cause is looked up. */
  async #doing<T>(what: string, work: () => Promise<T>): Promise<T> {
    try {
      await this.#place.assertThere();
      return await work();
    } catch (error) {
      if (error instanceof DockersnapError) throw error;
      const { space } = this.#workers;
      const why = error instanceof Error ? error.message : String(error);
      await space.assertWritable();
      const full = await space.usedUp().catch(() => undefined);
      if (full !== undefined) throw space.full(full, `${what}: ${why}`);
      throw new DockersnapError("internal", `${what}: ${why}`, { cause: error });
    }
  }
}

/** Which parts each has is settled here, and nowhere else. */
function workersOf(options: BtrfsOptions, layout: Layout, own: OwnFolder, quotas: () => Quotas): Workers {
  const unbounded = <T>(id: string, work: () => Promise<T>) => quotas().unbounded(id, work);
  const copies = new Copies(own);
  const removal = new Removal(own, layout.snapshots);
  const account = {
    charged: async (id: string) => charged(quotas(), id, await quotas().joining(id)),
    leave: (id: string, tree: string) => quotas().leave(id, tree),
    unbounded,
  };
  return {
    ...{ layout, copies, removal, quotas },
    swap: new Swap({ own, instances: layout.instances, copies, removal, account }),
    parts: new Parts({ pool: layout.mount, own, copies, removal, unbounded }),
    meter: new UsageMeter(layout.mount),
    space: new Space(layout.mount, options),
  };
}

/** For callers whose writers are stopped already. */
const notHeld: HoldStill = async () => ({ [Symbol.asyncDispose]: async () => undefined });
