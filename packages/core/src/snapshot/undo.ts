import { DockersnapError } from "@dockersnap/contract/words";
import type { Lifecycle } from "../instance/lifecycle.ts";
import type { InstanceInput } from "../instance/remove.ts";
import type { Job, OperationKind } from "../operation/kind.ts";
import type { Records, RevertRecord, SnapshotRecord } from "../platform/records.ts";
import { type ReplaceState, replacing } from "./replace.ts";
import { describeRevert, type RevertLine, revertLine, wayAcross } from "./reverts.ts";

type Kind = OperationKind<InstanceInput, ReplaceState>;

/** Take back the last revert that was not taken back yet: what was there before it is there again. */
export function undoRevert(lifecycle: Lifecycle): Kind {
  const { records } = lifecycle.platform;
  return replacing(lifecycle, {
    act: "undo",
    choose({ name }, { keptAs }) {
      const line = revertLine(records, name);
      const [revert, older] = line.toUndo;
      if (revert === undefined) throw nothingToUndo(name, line);
      const kept = keptSnapshot(records, revert) ?? lostBefore(records, revert, older);
      return {
        target: kept.label,
        newHead: kept.parent,
        reverts: { before: [revert], after: [{ ...revert, redoAs: keptAs }] },
      };
    },
    result: (job) => changed(job),
  });
}

/** Take the revert again that was taken back last: what was there when it was taken back is there again. */
export function redoRevert(lifecycle: Lifecycle): Kind {
  const { records } = lifecycle.platform;
  return replacing(lifecycle, {
    act: "redo",
    choose({ name }, { keptAs }) {
      const [revert] = revertLine(records, name).toRedo;
      if (revert === undefined) throw nothingToRedo(name);
      const kept = keptSnapshot(records, revert) ?? lostAfter(revert);
      return {
        target: kept.label,
        newHead: kept.parent,
        reverts: { before: [revert], after: [{ ...revert, keptAs, redoAs: undefined }] },
      };
    },
    result: (job) => changed(job),
  });
}

function changed({ state }: Job<InstanceInput, ReplaceState>) {
  return { status: "ok", revert: state.reverts.after.map(describeRevert)[0] };
}

function keptSnapshot(records: Records, revert: RevertRecord): SnapshotRecord | undefined {
  return revert.lost ? undefined : records.snapshots.get(revert.instance, wayAcross(revert));
}

function nothingToUndo(name: string, { toRedo }: RevertLine): DockersnapError {
  return new DockersnapError(
    "wrong_state",
    toRedo.length === 0
      ? `Nothing to undo: '${name}' has not been reverted. 'dockersnap history ${name}' shows what it can be reverted to.`
      : `Nothing to undo: every revert of '${name}' is taken back. 'dockersnap redo ${name}' takes the last of them again.`,
  );
}

function nothingToRedo(name: string): DockersnapError {
  return new DockersnapError(
    "wrong_state",
    `Nothing to redo: no revert of '${name}' was taken back, or it was reverted anew since. 'dockersnap history ${name}' shows what it can be reverted to.`,
  );
}

function lostBefore(records: Records, revert: RevertRecord, older: RevertRecord | undefined): never {
  const { instance, to, at, keptAs } = revert;
  const olderKept = older === undefined ? undefined : keptSnapshot(records, older);
  throw new DockersnapError(
    "not_found",
    `What '${instance}' was before its revert to '${to}' (${at}) was kept as '${keptAs}', which was removed or has expired. ${
      olderKept === undefined
        ? `'dockersnap history ${instance}' shows what is left to revert to.`
        : `What it was before the revert to '${older?.to}' is left: 'dockersnap revert ${instance}@${olderKept.label}'.`
    }`,
    { details: { kept_as: keptAs } },
  );
}

function lostAfter(revert: RevertRecord): never {
  const { instance, to, at } = revert;
  const label = wayAcross(revert);
  throw new DockersnapError(
    "not_found",
    `What '${instance}' was after its revert to '${to}' (${at}) was kept as '${label}', which was removed or has expired. 'dockersnap history ${instance}' shows what is left to revert to.`,
    { details: { kept_as: label } },
  );
}
