import { mkdir } from "node:fs/promises";
import { dirname } from "node:path";
import { DockersnapError } from "@dockersnap/contract/words";
import type { DatasetId, HoldStill, Label } from "@dockersnap/core";
import { hasErrno } from "../process/errno.ts";
import { removeIfEmpty, syncDirectory } from "./directory.ts";
import { moveSnapshot } from "./file-flags.ts";
import { swapFileIn } from "./holder-of.ts";
import { isSubvolume, kindOf } from "./subvolume.ts";
import { persistRemoval, type Workers } from "./workers.ts";

/** What is done with the snapshots of datasets, as `StorageDriver` promises it. */
export class Snapshots {
  readonly #workers: Workers;

  constructor(workers: Workers) {
    this.#workers = workers;
  }

  async take(id: DatasetId, label: Label, still: HoldStill): Promise<void> {
    const { layout, swap, parts, space, copies, meter } = this.#workers;
    const [tree, target] = [layout.tree(id), layout.snapshot(id, label)];
    const [taken] = await Promise.all([kindOf(target), swap.finish(id), space.assertForSnapshot()]);
    if (!(await isSubvolume(tree))) throw new DockersnapError("not_found", `There is no dataset ${id}.`);
    await parts.finish({ tree, dataset: id });
    if (taken !== "absent") throw labelTaken(id, label);
    await makeFolder(dirname(target));
    await copies.takeMoment(tree, target, still).catch((error: unknown) => refuseSwapFile(id, tree, error));
    meter.changed();
  }

  async rename(id: DatasetId, from: Label, to: Label): Promise<void> {
    const { layout, meter } = this.#workers;
    const [source, target] = [layout.snapshot(id, from), layout.snapshot(id, to)];
    const [present, taken] = await Promise.all([isSubvolume(source), kindOf(target)]);
    if (!present) {
      if (taken === "subvolume") return;
      throw new DockersnapError("not_found", `Dataset ${id} has no snapshot ${from}.`);
    }
    if (taken !== "absent") throw labelTaken(id, to);
    await moveSnapshot(source, target);
    meter.changed();
    await syncDirectory(dirname(target));
  }

  async remove(id: DatasetId, label: Label): Promise<void> {
    const { layout, removal, quotas } = this.#workers;
    const path = layout.snapshot(id, label);
    if (!(await isSubvolume(path))) return;
    await removal.remove([{ path, what: `${id}@${label}` }]);
    await removeIfEmpty(dirname(path));
    // What a dataset at its quota is given room by is wanted back at once too.
    await persistRemoval(this.#workers, await quotas().isNearlyReached(id));
  }
}

async function refuseSwapFile(id: DatasetId, tree: string, error: unknown): Promise<never> {
  const file = await swapFileIn(tree);
  if (file === undefined) throw error;
  throw new DockersnapError(
    "wrong_state",
    `Nothing of '${id}' can be kept while a swap file in it is in use: ${JSON.stringify(file)}. End that with 'swapoff', then try again.`,
    { cause: error },
  );
}

function labelTaken(id: DatasetId, label: Label): DockersnapError {
  return new DockersnapError("already_exists", `Dataset ${id} has a snapshot ${label}; choose another label.`);
}

/** With none of the folders above it: where those are missing it is not the pool. */
async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path, { mode: 0o700 });
  } catch (error) {
    if (!hasErrno(error, "EEXIST")) throw error;
  }
}
