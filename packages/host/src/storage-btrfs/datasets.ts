import { type FileHandle, lstat, readdir, rename } from "node:fs/promises";
import { join } from "node:path";
import { DockersnapError, instanceNamePattern } from "@dockersnap/contract/words";
import type { DatasetId, DatasetInfo, Label } from "@dockersnap/core";
import type { Charged } from "./copies.ts";
import { entries, syncDirectory } from "./directory.ts";
import { moveTree } from "./file-flags.ts";
import { openBelow } from "./open-below.ts";
import type { Quotas } from "./quotas.ts";
import { createSubvolume, isSubvolume, kindOf } from "./subvolume.ts";
import { persistRemoval, type Workers } from "./workers.ts";

/** What is done with datasets, as `StorageDriver` promises it. */
export class Datasets {
  readonly #workers: Workers;

  constructor(workers: Workers) {
    this.#workers = workers;
  }

  async has(id: DatasetId): Promise<boolean> {
    const { layout, swap } = this.#workers;
    const tree = layout.tree(id);
    await swap.finish(id);
    return (await kindOf(tree)) !== "absent" || (await layout.labels(id)).length > 0;
  }

  async create(id: DatasetId): Promise<void> {
    const { layout, quotas, meter } = this.#workers;
    const tree = layout.tree(id);
    await this.#assertFree(id);
    await createSubvolume(tree, await quotas().beginning(id));
    await syncDirectory(layout.instances);
    meter.changed();
  }

  async clone(source: DatasetId, label: Label, id: DatasetId): Promise<void> {
    const { layout, quotas, copies, meter } = this.#workers;
    const [tree, snapshot] = [layout.tree(id), layout.snapshot(source, label)];
    await this.#assertSnapshot(source, label);
    await this.#assertFree(id);
    await copies.makeTree(snapshot, tree, charged(quotas(), id, await quotas().beginning(id)));
    meter.changed();
  }

  async rename(from: DatasetId, to: DatasetId): Promise<void> {
    const { layout, swap, meter } = this.#workers;
    const quotas = this.#workers.quotas();
    const [source, target] = [layout.tree(from), layout.tree(to)];
    const [snapshots, targetSnapshots] = [layout.snapshotsOf(from), layout.snapshotsOf(to)];
    await swap.finish(from);
    const there = async (tree: string, labels: string) =>
      (await isSubvolume(tree)) || (await entries(labels)).length > 0;
    const [present, taken] = await Promise.all([there(source, snapshots), kindOf(target)]);
    if (!present) {
      if (taken === "subvolume") return quotas.forget(from);
      throw notThere(from);
    }
    if (taken !== "absent") {
      throw new DockersnapError("already_exists", `Dataset ${to} exists; choose another name, or remove it first.`);
    }
    await quotas.share(from, to);
    // The tree last: until it has moved, the whole is found under the old name and moved by the next.
    const hasSnapshots = (await entries(snapshots)).length > 0;
    if (hasSnapshots) await rename(snapshots, targetSnapshots);
    if (await isSubvolume(source)) {
      await quotas.unbounded(from, () => quotas.unbounded(to, () => moveTree(source, target)));
    }
    meter.changed();
    await quotas.forget(from);
    await Promise.all([layout.instances, ...(hasSnapshots ? [layout.snapshots] : [])].map(syncDirectory));
  }

  async revert(id: DatasetId, label: Label): Promise<void> {
    const { layout, swap, meter } = this.#workers;
    const snapshot = layout.snapshot(id, label);
    const tree = layout.tree(id);
    await this.#assertSnapshot(id, label);
    // While it is open, no other tree has its identity.
    await using before = await openIfThere(tree);
    try {
      await swap.replace(id, snapshot);
    } catch (error) {
      if (before !== undefined && (await isAt(before, tree))) throw error;
      const why = error instanceof Error ? error.message : String(error);
      throw new DockersnapError("internal", `The dataset ${id} was being put back to ${label}: ${why}`, {
        cause: error,
      });
    }
    meter.changed();
  }

  async restore(id: DatasetId, label: Label, paths: readonly string[], signal: AbortSignal): Promise<void> {
    const { layout, parts, quotas, meter } = this.#workers;
    const snapshot = layout.snapshot(id, label);
    const [tree] = await Promise.all([this.#tree(id), this.#assertSnapshot(id, label)]);
    const settled = () => quotas().join(id, tree);
    await parts.restore({ tree, dataset: id, snapshot, paths, signal, settled });
    meter.changed();
  }

  async setQuota(id: DatasetId, bytes: number | undefined): Promise<void> {
    await this.#workers.quotas().set(id, await this.#tree(id), bytes);
  }

  async remove(id: DatasetId): Promise<void> {
    const { layout, swap, removal, quotas } = this.#workers;
    const [tree, snapshots] = [layout.tree(id), layout.snapshotsOf(id)];
    // What a killed swap left goes before the tree, or the next one to finish would bring that back.
    const trees = [...(await swap.waiting(id)), ...((await isSubvolume(tree)) ? [{ path: tree, what: id }] : [])];
    const labels = (await layout.labels(id)).map((label) => ({
      path: join(snapshots, label),
      what: `${id}@${label}`,
    }));
    await removal.remove([...trees, ...labels]);
    await removal.removeFolder(snapshots);
    await quotas().forget(id);
    await persistRemoval(this.#workers, false);
  }

  async list(): Promise<readonly DatasetInfo[]> {
    const { layout, swap } = this.#workers;
    const present = new Set(await swap.present());
    const labels = new Map<DatasetId, readonly Label[]>();
    for (const id of await readdir(layout.snapshots)) labels.set(id, await layout.labels(id));
    const left = [...labels].filter(([, of]) => of.length > 0).map(([id]) => id);
    return [...new Set([...present, ...left])]
      .filter((id) => instanceNamePattern.test(id))
      .sort()
      .map((id) => ({ id, present: present.has(id), snapshots: labels.get(id) ?? [] }));
  }

  /** Of a dataset that is there; `not_found` for any other. */
  async #tree(id: DatasetId): Promise<string> {
    const { layout, swap } = this.#workers;
    const tree = layout.tree(id);
    await swap.finish(id);
    if (!(await isSubvolume(tree))) throw notThere(id);
    return tree;
  }

  async #assertSnapshot(id: DatasetId, label: Label): Promise<void> {
    if (await isSubvolume(this.#workers.layout.snapshot(id, label))) return;
    throw new DockersnapError("not_found", `Dataset ${id} has no snapshot ${label}.`);
  }

  async #assertFree(id: DatasetId): Promise<void> {
    if (await this.has(id)) {
      throw new DockersnapError(
        "already_exists",
        `Dataset ${id} exists, or snapshots of it do; choose another name, or remove it first.`,
      );
    }
    await this.#workers.space.assertForDataset();
  }
}

/** What makes a tree one whose writing is charged to a dataset. */
export function charged(quotas: Quotas, id: DatasetId, joining: readonly string[]): Charged {
  return { joining, join: (tree) => quotas.join(id, tree) };
}

function notThere(id: DatasetId): DockersnapError {
  return new DockersnapError("not_found", `There is no dataset ${id}.`);
}

async function openIfThere(tree: string): Promise<FileHandle | undefined> {
  return (await isSubvolume(tree)) ? openBelow(tree, Buffer.alloc(0)) : undefined;
}

async function isAt(tree: FileHandle, path: string): Promise<boolean> {
  if (!(await isSubvolume(path))) return false;
  const [was, is] = await Promise.all([tree.stat(), lstat(path)]);
  return was.dev === is.dev;
}
