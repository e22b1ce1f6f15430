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
    summary: "Keep the present state of an instance under a label",
    needs: "operate",
    params: instance,
    body: SnapshotRequest,
    answer: { status: 201, means: "The snapshot is kept.", body: SnapshotCreated },
    fails: [...operationFailures, ...bodyFailures, "not_found", "already_exists", "plugin_failed"],
  },
  revertInstance: {
    ...addresses.revertInstance,
    summary: "Put an instance, or parts of it, back to one of its snapshots; every snapshot stays",
    needs: "operate",
    params: instance,
    body: RevertRequest,
    answer: { status: 200, means: "The instance, or what was asked for of it, is as it was then.", body: Ok },
    fails: [...operationFailures, ...bodyFailures, "not_found", "plugin_failed"],
  },
  undoRevert: {
    ...addresses.undoRevert,
    summary: "Take back the last revert that was not taken back yet; what is there now is kept",
    needs: "operate",
    params: instance,
    answer: { status: 200, means: "The instance is as it was before that revert.", body: RevertChanged },
    fails: [...operationFailures, "not_found", "plugin_failed"],
  },
  redoRevert: {
    ...addresses.redoRevert,
    summary: "Take again the revert that was taken back last; what is there now is kept",
    needs: "operate",
    params: instance,
    answer: { status: 200, means: "The instance is as it was when the revert was taken back.", body: RevertChanged },
    fails: [...operationFailures, "not_found", "plugin_failed"],
  },
  listSnapshots: {
    ...addresses.listSnapshots,
    summary: "An instance's snapshots, oldest first",
    needs: "read",
    params: instance,
    query: z.object({ size: flag("`true` finds out what each occupies, which may take seconds") }),
    answer: { status: 200, means: "The snapshots.", body: z.array(Snapshot) },
    fails: ["invalid_request", "not_found", "not_ready", "unmounted"],
  },
  getHistory: {
    ...addresses.getHistory,
    summary: "Where an instance stands and what came from what: snapshots, reverts, clones",
    needs: "read",
    params: instance,
    answer: { status: 200, means: "The history.", body: History },
    fails: ["invalid_request", "not_found"],
  },
  getDiff: {
    ...addresses.getDiff,
    summary: "What changed between two moments of an instance, in Docker's words",
    needs: "read",
    params: instance,
    query: z.object({
      from: DiffPointName.optional().describe(
        "Where the instance came from last when left out: its head, or what it was cloned from",
      ),
      to: DiffPointName.optional().describe("`now` when left out"),
      limit: FileCount.optional().describe("Changed files listed of each container and volume; 100 when left out"),
    }),
    answer: { status: 200, means: "What differs; it may take half a minute.", body: Diff },
    fails: ["invalid_request", "not_found", "wrong_state", "not_ready", "unmounted"],
  },
  changeSnapshot: {
    ...addresses.changeSnapshot,
    summary: "Rename, tag or protect a snapshot, or say when it expires",
    needs: "operate",
    params: { ...instance, label: SnapshotLabel },
    body: SnapshotChange,
    answer: { status: 200, means: "The snapshot as it is now.", body: Snapshot },
    fails: [...operationFailures, ...bodyFailures, "not_found", "already_exists"],
  },
  verifySnapshot: {
    ...addresses.verifySnapshot,
    summary: "Try a snapshot out: boot a throw-away clone, ask how it is, write that down, and take the clone away",
    needs: "operate",
    params: { ...instance, label: SnapshotLabel },
    body: VerifyRequest,
    answer: { status: 200, means: "It was tried out; `ok` says whether it can be restored.", body: Verification },
    fails: [...operationFailures, ...bodyFailures, "not_found"],
  },
  deleteSnapshot: {
    ...addresses.deleteSnapshot,
    summary: "Delete one snapshot; clones of it stay whole",
    needs: "operate",
    params: { ...instance, label: SnapshotLabel },
    answer: { status: 204, means: "The snapshot is gone." },
    fails: [...operationFailures, "not_found", "protected"],
  },
} as const satisfies Readonly<Record<string, Route>>;
