import { changeInstance } from "./instance/change.ts";
import { cloneInstance } from "./instance/clone.ts";
import { createInstance } from "./instance/create.ts";
import type { Lifecycle } from "./instance/lifecycle.ts";
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
export function operationKinds(lifecycle: Lifecycle): readonly AnyOperationKind[] {
  return [
    createInstance(lifecycle),
    cloneInstance(lifecycle),
    startInstance(lifecycle),
    stopInstance(lifecycle),
    restartInstance(lifecycle),
    changeInstance(lifecycle),
    removeInstance(lifecycle),
    takeSnapshot(lifecycle),
    revertInstance(lifecycle),
    revertParts(lifecycle),
    undoRevert(lifecycle),
    redoRevert(lifecycle),
    changeSnapshot(lifecycle),
    removeSnapshot(lifecycle),
    sweepSnapshots(lifecycle),
    addSchedule(lifecycle),
    removeSchedule(lifecycle),
    verifySnapshot(lifecycle),
    setStandby(lifecycle),
    removeStandby(lifecycle),
    prepareStandby(lifecycle),
  ];
}
