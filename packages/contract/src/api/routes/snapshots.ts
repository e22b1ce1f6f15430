import * as z from "zod";
import { addresses } from "../addresses.ts";
import { Ok } from "../daemon.ts";
import { Diff, DiffPointName, mostFilesListed } from "../diff.ts";
import { History, RevertChanged } from "../history.ts";
import { SnapshotLabel } from "../names.ts";
import type { Route } from "../route.ts";
import { RevertRequest, Snapshot, SnapshotChange, SnapshotCreated, SnapshotRequest } from "../snapshot.ts";
import { Verification, VerifyRequest } from "../verification.ts";
import { bodyFailures, flag, instance, operationFailures } from "./parts.ts";

const countRule = { error: `expected a whole number from 0 to ${mostFilesListed}` };
const FileCount = z.string(countRule).regex(new RegExp(`^(\\d{1,4}|${mostFilesListed})$`), countRule);

export const snapshotsRoutes = {
  takeSnapshot: {
    ...addresses.takeSnapshot,
    summary: "Take a snapshot of an instance",
    needs: "operate",
    params: instance,
    body: SnapshotRequest,
    answer: { status: 201, means: "The snapshot was taken.", body: SnapshotCreated },
    fails: [...operationFailures, ...bodyFailures, "not_found", "already_exists", "plugin_failed"],
  },
  revertInstance: {
    ...addresses.revertInstance,
    summary: "Revert an instance, or parts of it, to one of its snapshots; every snapshot is kept",
    needs: "operate",
    params: instance,
    body: RevertRequest,
    answer: { status: 200, means: "The instance, or the requested parts of it, are as in the snapshot.", body: Ok },
    fails: [...operationFailures, ...bodyFailures, "not_found", "plugin_failed"],
  },
  undoRevert: {
    ...addresses.undoRevert,
    summary: "Undo the last revert that was not undone yet; the current state is saved as a snapshot first",
    needs: "operate",
    params: instance,
    answer: { status: 200, means: "The instance is as it was before that revert.", body: RevertChanged },
    fails: [...operationFailures, "not_found", "plugin_failed"],
  },
  redoRevert: {
    ...addresses.redoRevert,
    summary: "Redo the last undone revert; the current state is saved as a snapshot first",
    needs: "operate",
    params: instance,
    answer: { status: 200, means: "The instance is as it was before the undo.", body: RevertChanged },
    fails: [...operationFailures, "not_found", "plugin_failed"],
  },
  listSnapshots: {
    ...addresses.listSnapshots,
    summary: "List an instance's snapshots, oldest first",
    needs: "read",
    params: instance,
    query: z.object({ size: flag("`true` adds each snapshot's size, which may take seconds") }),
    answer: { status: 200, means: "The snapshots.", body: z.array(Snapshot) },
    fails: ["invalid_request", "not_found", "not_ready", "unmounted"],
  },
  getHistory: {
    ...addresses.getHistory,
    summary: "Show the history of an instance: its snapshots, reverts, clones and head",
    needs: "read",
    params: instance,
    answer: { status: 200, means: "The history.", body: History },
    fails: ["invalid_request", "not_found"],
  },
  getDiff: {
    ...addresses.getDiff,
    summary: "Show what changed in an instance between two snapshots, in Docker's terms",
    needs: "read",
    params: instance,
    query: z.object({
      from: DiffPointName.optional().describe(
        "Where the instance came from last when left out: its head, or what it was cloned from",
      ),
      to: DiffPointName.optional().describe("`now` by default"),
      limit: FileCount.optional().describe(
        "Maximum number of changed files listed for each container and volume (100 by default)",
      ),
    }),
    answer: { status: 200, means: "The differences. The answer may take half a minute.", body: Diff },
    fails: ["invalid_request", "not_found", "wrong_state", "not_ready", "unmounted"],
  },
  changeSnapshot: {
    ...addresses.changeSnapshot,
    summary: "Rename, tag or protect a snapshot, or set its expiry",
    needs: "operate",
    params: { ...instance, label: SnapshotLabel },
    body: SnapshotChange,
    answer: { status: 200, means: "The snapshot as it is now.", body: Snapshot },
    fails: [...operationFailures, ...bodyFailures, "not_found", "already_exists"],
  },
  verifySnapshot: {
    ...addresses.verifySnapshot,
    summary: "Verify a snapshot: boot a temporary clone, check its health, save the result and delete the clone",
    needs: "operate",
    params: { ...instance, label: SnapshotLabel },
    body: VerifyRequest,
    answer: {
      status: 200,
      means: "The snapshot was verified; `ok` says whether it can be restored.",
      body: Verification,
    },
    fails: [...operationFailures, ...bodyFailures, "not_found"],
  },
  deleteSnapshot: {
    ...addresses.deleteSnapshot,
    summary: "Delete a snapshot; its clones are kept",
    needs: "operate",
    params: { ...instance, label: SnapshotLabel },
    answer: { status: 204, means: "The snapshot is deleted." },
    fails: [...operationFailures, "not_found", "protected"],
  },
} as const satisfies Readonly<Record<string, Route>>;
