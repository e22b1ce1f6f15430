import type { Context } from "./context.ts";
import { changeInstance } from "./instance/change.ts";
import { cloneInstance } from "./instance/clone.ts";
import { createInstance } from "./instance/create.ts";
import { restartInstance, startInstance, stopInstance } from "./instance/power.ts";
import { removeInstance } from "./instance/remove.ts";
import type { AnyOperationKind } from "./operation/kind.ts";
import { addSchedule, removeSchedule } from "./schedule/change.ts";
import { changeSnapshot } from "./snapshot/change.ts";
import { revertParts } from "./snapshot/parts/revert-parts.ts";
import { removeSnapshot } from "./snapshot/remove.ts";
import { revertInstance } from "./snapshot/revert.ts";
import { sweepSnapshots } from "./snapshot/sweep.ts";
import { takeSnapshot } from "./snapshot/take.ts";
import { redoRevert, undoRevert } from "./snapshot/undo.ts";
import { removeStandby, setStandby } from "./standby/change.ts";
import { prepareStandby } from "./standby/prepare.ts";
import { verifySnapshot } from "./verify/verify.ts";

/** Every kind of operation there is. */
export function operationKinds(context: Context): readonly AnyOperationKind[] {
  return [
    createInstance(context),
    cloneInstance(context),
    startInstance(context),
    stopInstance(context),
    restartInstance(context),
    changeInstance(context),
    removeInstance(context),
    takeSnapshot(context),
    revertInstance(context),
    revertParts(context),
    undoRevert(context),
    redoRevert(context),
    changeSnapshot(context),
    removeSnapshot(context),
    sweepSnapshots(context),
    addSchedule(context),
    removeSchedule(context),
    verifySnapshot(context),
    setStandby(context),
    removeStandby(context),
    prepareStandby(context),
  ];
}
