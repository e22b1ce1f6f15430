import { DockersnapError } from "@dockersnap/contract/words";
import type { Context } from "../context.ts";
import { findSnapshot, readyInstance } from "../instance/lookup.ts";
import type { OperationKind } from "../operation/kind.ts";
import type { Records } from "../records/records.ts";
import { requireWritable } from "../storage/room.ts";
import { loseSnapshot } from "./reverts.ts";

export interface SnapshotInput {
  readonly name: string;
  readonly label: string;
}

/** Remove one snapshot for good. Clones of it stay whole; `protected` ones are refused. */
export function removeSnapshot({ platform }: Context): OperationKind<SnapshotInput, object> {
  const { records, storage } = platform;
  return {
    name: "remove-snapshot",
    cancellable: false,
    recovery: "finish",
    pointOfNoReturn: "dataset",
    instance: (input) => input.name,
    holds: (input) => [{ instance: input.name, mode: "exclusive" }],
    async prepare(input) {
      readyInstance(records, input.name);
      await requireWritable(platform, `remove '${input.name}@${input.label}'`);
      if (findSnapshot(records, input.name, input.label).protected) {
        throw new DockersnapError(
          "protected",
          `Snapshot '${input.label}' of '${input.name}' is protected. 'dockersnap unprotect ${input.name}@${input.label}' lets it be removed.`,
        );
      }
      return {};
    },
    steps: [
      {
        name: "dataset",
        says: "removing the snapshot",
        run: ({ input }) => storage.removeSnapshot(input.name, input.label),
      },
      {
        name: "forget",
        says: "removing its record",
        recordsOnly: true,
        run: ({ input }) => records.transaction(() => forgetSnapshot(records, input.name, input.label)),
      },
    ],
    result({ input }) {
      platform.events.publish({ type: "instance.changed", instance: input.name });
      return undefined;
    },
  };
}

/**
 * What came from the removed one now comes from its parent, so that the history stays one tree. Belongs into a transaction;
 * twice changes nothing.
 */
export function forgetSnapshot(records: Records, name: string, label: string): void {
  const removed = records.snapshots.get(name, label);
  if (removed === undefined) return;
  const { parent } = removed;
  for (const child of records.snapshots.of(name).filter((snapshot) => snapshot.parent === label)) {
    records.snapshots.update(name, child.label, { parent });
  }
  if (records.instances.get(name)?.head === label) records.instances.update(name, { head: parent });
  loseSnapshot(records, name, label);
  records.snapshots.remove(name, label);
}
