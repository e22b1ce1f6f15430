import { DockersnapError, mostTags, type SnapshotChange } from "@dockersnap/contract/words";
import type { Context } from "../context.ts";
import { findSnapshot, readyInstance } from "../instance/lookup.ts";
import type { Job, OperationKind } from "../operation/kind.ts";
import type { Records, RevertRecord, SnapshotRecord } from "../records/records.ts";
import { requireWritable } from "../storage/room.ts";
import { requireFutureExpiry, sameForm } from "./expiry.ts";
import { requireFreeLabel } from "./take.ts";
import { describeSnapshot } from "./view.ts";

export interface ChangeInput {
  readonly name: string;
  readonly label: string;
  readonly change: SnapshotChange;
}

interface ChangeState {
  readonly before: SnapshotRecord;
  /** What names the snapshot, so that a way back renames just that: another of the new label may have been there once. */
  readonly named: {
    readonly children: readonly string[];
    readonly isHead: boolean;
    readonly clones: readonly string[];
    readonly reverts: readonly RevertRecord[];
  };
}

type ChangeJob = Job<ChangeInput, ChangeState>;

/** Rename, tag or protect one snapshot, or say when it expires: all that is asked for, or nothing of it. */
export function changeSnapshot(context: Context): OperationKind<ChangeInput, ChangeState> {
  const { records, storage, events, clock } = context.platform;
  return {
    name: "change-snapshot",
    cancellable: false,
    recovery: { finishAfter: "record" },
    instance: (input) => input.name,
    holds: (input) => [{ instance: input.name, mode: "exclusive" }],
    async prepare(input) {
      readyInstance(records, input.name);
      const before = findSnapshot(records, input.name, input.label);
      requireFutureExpiry(clock, input.name, input.label, input.change.expires_at ?? undefined);
      if (isRenamed(input)) {
        await requireFreeLabel(context, input.name, newLabel(input));
        await requireWritable(context.platform, `rename '${input.name}@${input.label}'`);
      }
      requireFewTags(input, mergedTags(before, input.change));
      return { before, named: namedBy(records, input) };
    },
    steps: [
      {
        name: "dataset",
        says: "renaming the snapshot",
        needed: ({ input }) => isRenamed(input),
        run: ({ input }) => storage.renameSnapshot(input.name, input.label, newLabel(input)),
        undo: ({ input }) => storage.renameSnapshot(input.name, newLabel(input), input.label),
      },
      {
        name: "record",
        says: "saving the new state",
        recordsOnly: true,
        run: (job) => record(records, job),
        undo: (job) => restore(records, job),
      },
    ],
    result({ input }) {
      events.publish({ type: "instance.changed", instance: input.name });
      return describeSnapshot(findSnapshot(records, input.name, newLabel(input)));
    },
    failed: ({ input }, problem) => records.instances.update(input.name, { problem }),
  };
}

const newLabel = ({ label, change }: ChangeInput) => change.new_label ?? label;
const isRenamed = (input: ChangeInput) => newLabel(input) !== input.label;

function namedBy(records: Records, { name, label }: ChangeInput): ChangeState["named"] {
  return {
    children: records.snapshots
      .of(name)
      .filter(({ parent }) => parent === label)
      .map((child) => child.label),
    isHead: records.instances.get(name)?.head === label,
    clones: records.instances
      .all()
      .filter(({ cloneOf }) => cloneOf?.instance === name && cloneOf.label === label)
      .map((clone) => clone.name),
    reverts: records.reverts
      .of(name)
      .filter(({ from, to, keptAs, redoAs }) => [from, to, keptAs, redoAs].includes(label)),
  };
}

function record(records: Records, { input, state }: ChangeJob): void {
  const { name, label, change } = input;
  records.transaction(() => {
    if (isRenamed(input)) {
      rename(records, input, state, label, newLabel(input));
      records.reverts.relabel(name, label, newLabel(input));
    }
    records.snapshots.update(name, newLabel(input), {
      ...(change.tags === undefined ? {} : { tags: mergedTags(state.before, change) }),
      ...(change.protected === undefined ? {} : { protected: change.protected }),
      ...(change.expires_at === undefined ? {} : { expiresAt: sameForm(change.expires_at ?? undefined) }),
    });
  });
}

function restore(records: Records, { input, state }: ChangeJob): void {
  // A verification asks for no turn to write down what it found, so that is left as it is.
  const { instance: _instance, label: _label, verified: _verified, ...before } = state.before;
  records.transaction(() => {
    if (isRenamed(input)) {
      rename(records, input, state, newLabel(input), input.label);
      for (const revert of state.named.reverts) records.reverts.save(revert);
    }
    // The journal is JSON, in which what is undefined is left out.
    records.snapshots.update(input.name, input.label, {
      ...before,
      expiresAt: before.expiresAt,
      parent: before.parent,
    });
  });
}

/** Twice changes nothing: then there is no snapshot `from` any more, and what is named is named `to` already. */
function rename(records: Records, { name }: ChangeInput, { named }: ChangeState, from: string, to: string): void {
  records.snapshots.update(name, from, { label: to });
  for (const child of named.children) records.snapshots.update(name, child, { parent: to });
  if (named.isHead) records.instances.update(name, { head: to });
  for (const clone of named.clones) records.instances.update(clone, { cloneOf: { instance: name, label: to } });
}

function mergedTags({ tags }: SnapshotRecord, change: SnapshotChange): Record<string, string> {
  const merged = { ...tags, ...change.tags };
  return Object.fromEntries(Object.entries(merged).filter((entry): entry is [string, string] => entry[1] !== null));
}

function requireFewTags({ name, label }: ChangeInput, tags: object): void {
  const count = Object.keys(tags).length;
  if (count <= mostTags) return;
  throw new DockersnapError(
    "invalid_request",
    `Snapshot '${label}' of '${name}' would have ${count} tags; it can have ${mostTags}. Take some away.`,
  );
}
