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
    summary: "List snapshots that have standby clones, oldest first",
    needs: "read",
    answer: { status: 200, means: "The wanted and the ready standby clones of each snapshot.", body: z.array(Standby) },
    fails: [],
  },
  setStandby: {
    ...addresses.setStandby,
    summary: "Keep standby clones of a snapshot ready; a clone then claims one of them",
    needs: "operate",
    params: snapshot,
    body: StandbyRequest,
    answer: { status: 200, means: "The setting is saved; the standby clones are created afterwards.", body: Standby },
    fails: [...operationFailures, ...bodyFailures, "not_found"],
  },
  removeStandby: {
    ...addresses.removeStandby,
    summary: "Remove the standby clones of a snapshot",
    needs: "operate",
    params: snapshot,
    answer: { status: 204, means: "The setting is saved; the standby clones are removed afterwards." },
    fails: [...operationFailures, "not_found"],
  },
} as const satisfies Readonly<Record<string, Route>>;
