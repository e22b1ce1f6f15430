import type { Copies } from "./copies.ts";
import { syncDirectory } from "./directory.ts";
import type { Layout } from "./layout.ts";
import type { Parts } from "./parts.ts";
import type { Quotas } from "./quotas.ts";
import type { Removal } from "./removal.ts";
import type { Space } from "./space.ts";
import { reclaimSpace } from "./subvolume.ts";
import type { Swap } from "./swap.ts";
import type { UsageMeter } from "./usage.ts";

/** Everything that what is done with datasets and snapshots is made of. */
export interface Workers {
  readonly layout: Layout;
  readonly copies: Copies;
  readonly removal: Removal;
  readonly swap: Swap;
  readonly parts: Parts;
  readonly meter: UsageMeter;
  readonly space: Space;
  /** Asked for each time: which device the pool is on is known once it is open. */
  readonly quotas: () => Quotas;
}

/** One transaction of the file system carries every deletion before it to disk; where space is wanted at once it is waited for. */
export async function persistRemoval({ layout, meter, space }: Workers, isWanted: boolean): Promise<void> {
  meter.changed();
  if (isWanted || (await space.isScarce())) await reclaimSpace(layout.mount);
  else await syncDirectory(layout.instances);
}
