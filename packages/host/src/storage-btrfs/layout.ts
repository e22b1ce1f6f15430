import { join } from "node:path";
import { snapshotLabelPattern } from "@dockersnap/contract/words";
import { assertDatasetId, assertLabel, type DatasetId, type Label } from "@dockersnap/core";
import { entries } from "./directory.ts";
import { isSubvolume } from "./subvolume.ts";

/** Where a pool has its datasets, `<pool>/instances/<id>`, and their snapshots, `<pool>/snapshots/<id>/<label>`. */
export class Layout {
  readonly mount: string;
  readonly instances: string;
  readonly snapshots: string;

  constructor(mount: string) {
    this.mount = mount;
    this.instances = join(mount, "instances");
    this.snapshots = join(mount, "snapshots");
  }

  tree(id: DatasetId): string {
    assertDatasetId(id);
    return join(this.instances, id);
  }

  snapshot(id: DatasetId, label: Label): string {
    assertDatasetId(id);
    assertLabel(label);
    return join(this.snapshots, id, label);
  }

  /** The folder of all snapshots of a dataset. */
  snapshotsOf(id: DatasetId): string {
    assertDatasetId(id);
    return join(this.snapshots, id);
  }

  /** Of the snapshots that are there, sorted. */
  async labels(id: DatasetId): Promise<readonly Label[]> {
    const folder = join(this.snapshots, id);
    const labels = (await entries(folder)).filter((label) => snapshotLabelPattern.test(label));
    const areThere = await Promise.all(labels.map((label) => isSubvolume(join(folder, label))));
    return labels.filter((_, index) => areThere[index]).sort();
  }
}
