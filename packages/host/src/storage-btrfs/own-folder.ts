import { mkdir } from "node:fs/promises";
import { join } from "node:path";

/**
 * What the driver makes for itself in a pool lies in a folder nobody else has a name in, so that whatever it deletes
 * unasked is its own: a folder that an administrator put beside the datasets is not, whatever it is called.
 */
export class OwnFolder {
  /** Trees that wait during a swap. */
  readonly swap: string;
  /** Copies that are not whole yet. */
  readonly making: string;
  /** Trees that were removed and could not be deleted yet. */
  readonly removed: string;
  /** A file for each partial revert that is not over, beside the files it is about: its name begins with their tree's number. */
  readonly parts: string;
  /** A file for each subvolume of a snapshot that was read-only where it was taken from; its name is the number. */
  readonly readOnly: string;

  constructor(mount: string) {
    const own = join(mount, ".dockersnap");
    this.swap = join(own, "swap");
    this.making = join(own, "making");
    this.removed = join(own, "removed");
    this.parts = join(own, "parts");
    this.readOnly = join(own, "read-only");
  }

  async make(): Promise<void> {
    for (const folder of [this.swap, this.making, this.removed, this.parts, this.readOnly]) {
      await mkdir(folder, { recursive: true, mode: 0o700 });
    }
  }
}
