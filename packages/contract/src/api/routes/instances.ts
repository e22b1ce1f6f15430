import * as z from "zod";
import { addresses } from "../addresses.ts";
import { Ok } from "../daemon.ts";
import { CloneRequest, CreateInstanceRequest, Instance, InstanceChange } from "../instance.ts";
import type { Route } from "../route.ts";
import { InstanceUsage } from "../usage.ts";
import { bodyFailures, flag, instance, operationFailures } from "./parts.ts";

export const instancesRoutes = {
  listInstances: {
    ...addresses.listInstances,
    summary: "Every instance, oldest first",
    needs: "read",
    query: z.object({ all: flag("`true` lists those too that the daemon made for itself") }),
    answer: { status: 200, means: "The instances.", body: z.array(Instance) },
    fails: ["invalid_request"],
  },
  createInstance: {
    ...addresses.createInstance,
    summary: "Create an instance, with a workload in it where one is named",
    needs: "operate",
    body: CreateInstanceRequest,
    answer: { status: 201, means: "The instance runs.", body: Instance },
    fails: [
      ...operationFailures,
      ...bodyFailures,
      "not_found",
      "already_exists",
      "plugin_refused",
      "plugin_failed",
      "unsupported",
    ],
  },
  getInstance: {
    ...addresses.getInstance,
    summary: "One instance, with what it takes now",
    needs: "read",
    params: instance,
    answer: { status: 200, means: "The instance.", body: Instance },
    fails: ["invalid_request", "not_found"],
  },
  changeInstance: {
    ...addresses.changeInstance,
    summary: "Change an instance's limits, as it runs, or its labels",
    needs: "operate",
    params: instance,
    body: InstanceChange,
    answer: { status: 200, means: "It is as asked.", body: Instance },
    fails: [...operationFailures, ...bodyFailures, "not_found", "unsupported"],
  },
  deleteInstance: {
    ...addresses.deleteInstance,
    summary: "Delete an instance with its data and its snapshots; its clones stay",
    needs: "operate",
    params: instance,
    answer: { status: 204, means: "Nothing of the instance is left." },
    fails: [...operationFailures, "not_found", "protected", "plugin_failed"],
  },
  startInstance: {
    ...addresses.startInstance,
    summary: "Start a stopped instance",
    needs: "operate",
    params: instance,
    answer: { status: 200, means: "Its engine answers.", body: Ok },
    fails: [...operationFailures, "not_found"],
  },
  stopInstance: {
    ...addresses.stopInstance,
    summary: "Stop a running instance; containers get their stop signals",
    needs: "operate",
    params: instance,
    answer: { status: 200, means: "Nothing of its engine runs.", body: Ok },
    fails: [...operationFailures, "not_found"],
  },
  restartInstance: {
    ...addresses.restartInstance,
    summary: "Stop an instance and start it again",
    needs: "operate",
    params: instance,
    answer: { status: 200, means: "Its engine answers again.", body: Ok },
    fails: [...operationFailures, "not_found"],
  },
  cloneInstance: {
    ...addresses.cloneInstance,
    summary: "A new instance that begins at a snapshot of this one",
    needs: "operate",
    params: instance,
    body: CloneRequest,
    answer: { status: 201, means: "The new instance runs.", body: Instance },
    fails: [...operationFailures, ...bodyFailures, "not_found", "already_exists", "plugin_failed", "unsupported"],
  },
  getUsage: {
    ...addresses.getUsage,
    summary: "What an instance and its snapshots occupy, and what deleting each gives back",
    needs: "read",
    params: instance,
    answer: { status: 200, means: "The bytes, found now; it may take seconds.", body: InstanceUsage },
    fails: ["invalid_request", "not_found", "not_ready", "unmounted"],
  },
} as const satisfies Readonly<Record<string, Route>>;
