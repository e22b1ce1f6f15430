import * as z from "zod";
import { addresses } from "../addresses.ts";
import { InstancePorts } from "../port.ts";
import type { Route } from "../route.ts";
import { Access, WorkloadAnswer, WorkloadHealth } from "../workload.ts";
import { flag, instance } from "./parts.ts";

export const workloadRoutes = {
  listPorts: {
    ...addresses.listPorts,
    summary: "List an instance's published ports and where they are reachable",
    needs: "read",
    params: instance,
    answer: { status: 200, means: "The ports.", body: InstancePorts },
    fails: ["invalid_request", "not_found"],
  },
  refreshPorts: {
    ...addresses.refreshPorts,
    summary: "Scan the published ports again; a stopped instance is refused",
    needs: "operate",
    params: instance,
    answer: { status: 200, means: "The ports after the scan.", body: InstancePorts },
    fails: ["invalid_request", "not_found", "wrong_state", "not_ready"],
  },
  getAccess: {
    ...addresses.getAccess,
    summary: "Show what a client needs to use the workload, with hosts and ports filled in",
    needs: "read",
    params: instance,
    answer: { status: 200, means: "Variables, files and endpoints.", body: Access },
    fails: ["invalid_request", "not_found", "wrong_state", "plugin_failed"],
  },
  getWorkload: {
    ...addresses.getWorkload,
    summary:
      "Show the workload as its plugin describes it; for a stopped instance, what the daemon knows; `none` without a workload",
    needs: "read",
    params: instance,
    answer: { status: 200, means: "The description.", body: WorkloadAnswer },
    fails: ["invalid_request", "not_found", "wrong_state", "plugin_failed"],
  },
  getWorkloadHealth: {
    ...addresses.getWorkloadHealth,
    summary: "Show the workload's health, from the last check or a new one",
    needs: "read",
    params: instance,
    query: z.object({ fresh: flag("`true` checks now") }),
    answer: { status: 200, means: "The health.", body: WorkloadHealth },
    fails: ["invalid_request", "not_found", "wrong_state", "plugin_failed"],
  },
} as const satisfies Readonly<Record<string, Route>>;
