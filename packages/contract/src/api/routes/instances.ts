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
    summary: "List the instances, oldest first",
    needs: "read",
    query: z.object({ all: flag("`true` also lists instances that the daemon created for its own use") }),
    answer: { status: 200, means: "The instances.", body: z.array(Instance) },
    fails: ["invalid_request"],
  },
  createInstance: {
    ...addresses.createInstance,
    summary: "Create an instance, and deploy a workload if a plugin is named",
    needs: "operate",
    body: CreateInstanceRequest,
    answer: { status: 201, means: "The instance is running.", body: Instance },
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
    summary: "Show an instance with its current resource usage",
    needs: "read",
    params: instance,
    answer: { status: 200, means: "The instance.", body: Instance },
    fails: ["invalid_request", "not_found"],
  },
  changeInstance: {
    ...addresses.changeInstance,
    summary: "Change an instance's limits while it runs, or its labels",
    needs: "operate",
    params: instance,
    body: InstanceChange,
    answer: { status: 200, means: "The instance with its new limits and labels.", body: Instance },
    fails: [...operationFailures, ...bodyFailures, "not_found", "unsupported"],
  },
  deleteInstance: {
    ...addresses.deleteInstance,
    summary: "Delete an instance with its data and snapshots; its clones are kept",
    needs: "operate",
    params: instance,
    answer: { status: 204, means: "The instance is deleted." },
    fails: [...operationFailures, "not_found", "protected", "plugin_failed"],
  },
  startInstance: {
    ...addresses.startInstance,
    summary: "Start a stopped instance",
    needs: "operate",
    params: instance,
    answer: { status: 200, means: "The instance's engine answers.", body: Ok },
    fails: [...operationFailures, "not_found"],
  },
  stopInstance: {
    ...addresses.stopInstance,
    summary: "Stop a running instance; containers get their stop signals",
    needs: "operate",
    params: instance,
    answer: { status: 200, means: "The instance's engine is stopped.", body: Ok },
    fails: [...operationFailures, "not_found"],
  },
  restartInstance: {
    ...addresses.restartInstance,
    summary: "Restart an instance",
    needs: "operate",
    params: instance,
    answer: { status: 200, means: "The instance's engine answers again.", body: Ok },
    fails: [...operationFailures, "not_found"],
  },
  cloneInstance: {
    ...addresses.cloneInstance,
    summary: "Create an instance from a snapshot of this one",
    needs: "operate",
    params: instance,
    body: CloneRequest,
    answer: { status: 201, means: "The new instance is running.", body: Instance },
    fails: [...operationFailures, ...bodyFailures, "not_found", "already_exists", "plugin_failed", "unsupported"],
  },
  getUsage: {
    ...addresses.getUsage,
    summary: "Show the size of an instance and its snapshots, and what deleting each would free",
    needs: "read",
    params: instance,
    answer: { status: 200, means: "Sizes in bytes. The answer may take seconds.", body: InstanceUsage },
    fails: ["invalid_request", "not_found", "not_ready", "unmounted"],
  },
} as const satisfies Readonly<Record<string, Route>>;
