import * as z from "zod";
import { addresses } from "../addresses.ts";
import { SnapshotLabel } from "../names.ts";
import type { Route } from "../route.ts";
import { Standby, StandbyRequest } from "../standby.ts";
import { bodyFailures, instance, operationFailures } from "./parts.ts";

const snapshot = { ...instance, label: SnapshotLabel };

export const standbysRoutes = {
  listStandbys: {
    ...addresses.listStandbys,
    summary: "Of which snapshots clones are kept waiting, oldest first",
    needs: "read",
    answer: { status: 200, means: "What is wanted and what is ready.", body: z.array(Standby) },
    fails: [],
  },
  setStandby: {
    ...addresses.setStandby,
    summary: "Keep clones of a snapshot booted and waiting; a clone then takes one of them",
    needs: "operate",
    params: snapshot,
    body: StandbyRequest,
    answer: { status: 200, means: "It is written down; the clones are made after it.", body: Standby },
    fails: [...operationFailures, ...bodyFailures, "not_found"],
  },
  removeStandby: {
    ...addresses.removeStandby,
    summary: "Keep no clones of a snapshot waiting any more",
    needs: "operate",
    params: snapshot,
    answer: { status: 204, means: "It is written down; what waits goes after it." },
    fails: [...operationFailures, "not_found"],
  },
} as const satisfies Readonly<Record<string, Route>>;
