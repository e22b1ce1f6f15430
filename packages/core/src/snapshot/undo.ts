import { DockersnapError } from "@dockersnap/contract/words";
import type { Context } from "../context.ts";
import type { InstanceInput } from "../instance/remove.ts";
import type { Job, OperationKind, Steps } from "../operation/kind.ts";
import type { Records, RevertRecord, SnapshotRecord } from "../records/records.ts";
import { type PartsState, replacingParts } from "./parts/replace-parts.ts";
import { type ReplaceState, replacing } from "./replace.ts";
import { describeRevert, type RevertLine, revertLine, wayAcross } from "./reverts.ts";

type State = ReplaceState | PartsState;
type Kind = OperationKind<InstanceInput, State>;

/** Take back the last revert that was not taken back yet: what was there before it is there again. */
export function undoRevert(context: Context): Kind {
  const { records } = context.platform;
  const crossing = ({ name }: InstanceInput): Crossing => {
    const line = revertLine(records, name);
    const [revert, older] = line.toUndo;
    if (revert === undefined) throw nothingToUndo(name, line);
    return {
      revert,
      kept: keptSnapshot(records, revert) ?? lostBefore(records, revert, older),
      crossed: (keptAs) => ({ ...revert, redoAs: keptAs }),
    };
  };
  return crossingKind(context, "undo", crossing);
}

/** Take the revert again that was taken back last: what was there when it was taken back is there again. */
export function redoRevert(context: Context): Kind {
  const { records } = context.platform;
  const crossing = ({ name }: InstanceInput): Crossing => {
    const [revert] = revertLine(records, name).toRedo;
    if (revert === undefined) throw nothingToRedo(name);
    return {
      revert,
      kept: keptSnapshot(records, revert) ?? lostAfter(revert),
      crossed: (keptAs) => ({ ...revert, keptAs, redoAs: undefined }),
    };
  };
  return crossingKind(context, "redo", crossing);
}

/** A revert that is crossed, in one direction or the other. */
interface Crossing {
  readonly revert: RevertRecord;
  readonly kept: SnapshotRecord;
  /** What is remembered of it after, the present being kept under that label. */
  crossed(keptAs: string): RevertRecord;
}

/** What a revert was about is what goes the other way: the whole instance, or the same parts of it. */
function crossingKind(context: Context, act: "undo" | "redo", crossing: (input: InstanceInput) => Crossing): Kind {
  const result = ({ state }: Job<InstanceInput, State>) => ({
    status: "ok",
    revert: state.reverts.after.map(describeRevert)[0],
  });
  const whole = replacing<InstanceInput>(context, {
    act,
    choose(input, { keptAs }) {
      const { revert, kept, crossed } = crossing(input);
      return {
        target: kept.label,
        newHead: kept.parent,
        reverts: { before: [revert], after: [crossed(keptAs)] },
      };
    },
    result,
  });
  const ofParts = replacingParts<InstanceInput>(context, {
    name: act,
    act,
    choose(input, { keptAs }) {
      const { revert, kept, crossed } = crossing(input);
      const { names, ran: ranThen } = revert.parts ?? { names: [], ran: [] };
      return {
        target: kept.label,
        parts: names,
        ran: ranThen,
        absent: "removed",
        reverts: (ran) => ({ before: [revert], after: [{ ...crossed(keptAs), parts: { names, ran } }] }),
      };
    },
    result,
  });
  return {
    ...whole,
    prepare: (input) => (crossing(input).revert.parts === undefined ? whole : ofParts).prepare(input),
    steps: (state) => ("paths" in state ? ofParts : whole).steps as Steps<InstanceInput, State>,
  };
}

function keptSnapshot(records: Records, revert: RevertRecord): SnapshotRecord | undefined {
  return revert.lost ? undefined : records.snapshots.get(revert.instance, wayAcross(revert));
}

function nothingToUndo(name: string, { toRedo }: RevertLine): DockersnapError {
  return new DockersnapError(
    "wrong_state",
    toRedo.length === 0
      ? `Nothing to undo: '${name}' has not been reverted. 'dockersnap history ${name}' shows what it can be reverted to.`
      : `Nothing to undo: every revert of '${name}' is undone. 'dockersnap redo ${name}' redoes the last one.`,
  );
}

function nothingToRedo(name: string): DockersnapError {
  return new DockersnapError(
    "wrong_state",
    `Nothing to redo: no revert of '${name}' was undone, or it was reverted since. 'dockersnap history ${name}' shows what it can be reverted to.`,
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
