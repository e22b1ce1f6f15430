import type { Revert } from "@dockersnap/contract/words";
import type { Records, RevertRecord } from "../records/records.ts";

/**
 * The reverts of an instance are a line, oldest first: those that were taken back are its end. An undo takes back the
 * last one before that end, a redo takes the first one of it again, and a new revert drops it.
 */
export interface RevertLine {
  readonly all: readonly RevertRecord[];
  /** What an undo takes back, the last one first. */
  readonly toUndo: readonly RevertRecord[];
  /** What a redo takes again, the first one first. */
  readonly toRedo: readonly RevertRecord[];
}

/** Records that go, and records that come in their place. */
export interface RevertsChange {
  readonly before: readonly RevertRecord[];
  readonly after: readonly RevertRecord[];
}

/** Older reverts than this many are forgotten; what they kept has long expired. */
const longestLine = 1_000;

export function revertLine(records: Records, instance: string): RevertLine {
  const all = records.reverts.of(instance);
  return {
    all,
    toUndo: all.filter(({ redoAs }) => redoAs === undefined).toReversed(),
    toRedo: all.filter(({ redoAs }) => redoAs !== undefined),
  };
}

/** A new revert at the end of the line, in place of what was taken back. */
export function appended({ all, toUndo, toRedo }: RevertLine, revert: Omit<RevertRecord, "seq">): RevertsChange {
  const seq = (all.at(-1)?.seq ?? 0) + 1;
  return { before: [...toUndo.slice(longestLine - 1), ...toRedo], after: [{ ...revert, seq }] };
}

export function changeReverts(records: Records, { before, after }: RevertsChange): void {
  for (const { instance, seq } of before) records.reverts.remove(instance, seq);
  for (const record of after) records.reverts.save(record);
}

/** Label of the snapshot that an undo of it, or once undone a redo, puts in the place of the present. */
export function wayAcross({ keptAs, redoAs }: RevertRecord): string {
  return redoAs ?? keptAs;
}

/** A snapshot goes: reverts that need it can be crossed no more. Belongs into the transaction that removes it. */
export function loseSnapshot(records: Records, instance: string, label: string): void {
  for (const revert of records.reverts.of(instance)) {
    if (wayAcross(revert) === label) records.reverts.save({ ...revert, lost: true });
  }
}

/** A revert as clients see it. */
export function describeRevert({ at, from, to, parts, keptAs, redoAs, lost }: RevertRecord): Revert {
  return {
    at,
    ...(from === undefined ? {} : { from }),
    to,
    ...(parts === undefined ? {} : { only: [...parts.names] }),
    kept_as: keptAs,
    undone: redoAs !== undefined,
    ...(redoAs === undefined ? {} : { redo_as: redoAs }),
    lost,
  };
}
