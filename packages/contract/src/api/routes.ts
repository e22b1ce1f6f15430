import * as z from "zod";
import { ProgressEvent } from "../plugin/responses.ts";
import { DaemonHealth, Ok } from "./daemon.ts";
import { DaemonEvent } from "./event.ts";
import { History, RevertChanged } from "./history.ts";
import { CloneRequest, CreateInstanceRequest, Instance } from "./instance.ts";
import { InstanceName, PluginName, SnapshotLabel } from "./names.ts";
import { Operation, OperationId } from "./operation.ts";
import { PluginInfo } from "./plugin.ts";
import { InstancePorts } from "./port.ts";
import type { Route } from "./route.ts";
import { RevertRequest, Snapshot, SnapshotCreated, SnapshotRequest } from "./snapshot.ts";
import { Access, WorkloadDescription, WorkloadHealth } from "./workload.ts";

export type { Answer, Route } from "./route.ts";

const api = "/api/v1";
const instance = { name: InstanceName };

/** What every operation on an instance can fail with, before it begins or at its end. */
const operationFailures = ["invalid_request", "busy", "wrong_state", "no_space", "not_ready", "cancelled"] as const;
const bodyFailures = ["payload_too_large", "unsupported_media_type"] as const;

/** Every route of the API under the id the OpenAPI document gives it. */
export const routes = {
  getHealth: {
    method: "GET",
    path: `${api}/health`,
    summary: "How the daemon is",
    needs: "nothing",
    answer: { status: 200, means: "The daemon answers.", body: DaemonHealth },
    fails: [],
  },
  listInstances: {
    method: "GET",
    path: `${api}/instances`,
    summary: "Every instance, oldest first",
    needs: "read",
    answer: { status: 200, means: "The instances.", body: z.array(Instance) },
    fails: [],
  },
  createInstance: {
    method: "POST",
    path: `${api}/instances`,
    summary: "Create an instance, with a workload in it where one is named",
    needs: "operate",
    body: CreateInstanceRequest,
    answer: { status: 201, means: "The instance runs.", body: Instance },
    operation: true,
    fails: [...operationFailures, ...bodyFailures, "not_found", "already_exists", "plugin_refused", "plugin_failed"],
  },
  getInstance: {
    method: "GET",
    path: `${api}/instances/{name}`,
    summary: "One instance",
    needs: "read",
    params: instance,
    answer: { status: 200, means: "The instance.", body: Instance },
    fails: ["invalid_request", "not_found"],
  },
  deleteInstance: {
    method: "DELETE",
    path: `${api}/instances/{name}`,
    summary: "Delete an instance with its data and its snapshots; its clones stay",
    needs: "operate",
    params: instance,
    answer: { status: 204, means: "Nothing of the instance is left." },
    operation: true,
    fails: [...operationFailures, "not_found", "plugin_failed"],
  },
  startInstance: {
    method: "POST",
    path: `${api}/instances/{name}/start`,
    summary: "Start a stopped instance",
    needs: "operate",
    params: instance,
    answer: { status: 200, means: "Its engine answers.", body: Ok },
    operation: true,
    fails: [...operationFailures, "not_found"],
  },
  stopInstance: {
    method: "POST",
    path: `${api}/instances/{name}/stop`,
    summary: "Stop a running instance; containers get their stop signals",
    needs: "operate",
    params: instance,
    answer: { status: 200, means: "Nothing of its engine runs.", body: Ok },
    operation: true,
    fails: [...operationFailures, "not_found"],
  },
  restartInstance: {
    method: "POST",
    path: `${api}/instances/{name}/restart`,
    summary: "Stop an instance and start it again",
    needs: "operate",
    params: instance,
    answer: { status: 200, means: "Its engine answers again.", body: Ok },
    operation: true,
    fails: [...operationFailures, "not_found"],
  },
  takeSnapshot: {
    method: "POST",
    path: `${api}/instances/{name}/snapshot`,
    summary: "Keep the present state of an instance under a label",
    needs: "operate",
    params: instance,
    body: SnapshotRequest,
    answer: { status: 201, means: "The snapshot is kept.", body: SnapshotCreated },
    operation: true,
    fails: [...operationFailures, ...bodyFailures, "not_found", "already_exists", "plugin_failed"],
  },
  revertInstance: {
    method: "POST",
    path: `${api}/instances/{name}/revert`,
    summary: "Put an instance back to one of its snapshots; every snapshot stays",
    needs: "operate",
    params: instance,
    body: RevertRequest,
    answer: { status: 200, means: "The instance is as it was then.", body: Ok },
    operation: true,
    fails: [...operationFailures, ...bodyFailures, "not_found", "plugin_failed"],
  },
  undoRevert: {
    method: "POST",
    path: `${api}/instances/{name}/undo`,
    summary: "Take back the last revert that was not taken back yet; what is there now is kept",
    needs: "operate",
    params: instance,
    answer: { status: 200, means: "The instance is as it was before that revert.", body: RevertChanged },
    operation: true,
    fails: [...operationFailures, "not_found", "plugin_failed"],
  },
  redoRevert: {
    method: "POST",
    path: `${api}/instances/{name}/redo`,
    summary: "Take again the revert that was taken back last; what is there now is kept",
    needs: "operate",
    params: instance,
    answer: { status: 200, means: "The instance is as it was when the revert was taken back.", body: RevertChanged },
    operation: true,
    fails: [...operationFailures, "not_found", "plugin_failed"],
  },
  cloneInstance: {
    method: "POST",
    path: `${api}/instances/{name}/clone`,
    summary: "A new instance that begins at a snapshot of this one",
    needs: "operate",
    params: instance,
    body: CloneRequest,
    answer: { status: 201, means: "The new instance runs.", body: Instance },
    operation: true,
    fails: [...operationFailures, ...bodyFailures, "not_found", "already_exists", "plugin_failed"],
  },
  listSnapshots: {
    method: "GET",
    path: `${api}/instances/{name}/snapshots`,
    summary: "An instance's snapshots, oldest first",
    needs: "read",
    params: instance,
    answer: { status: 200, means: "The snapshots.", body: z.array(Snapshot) },
    fails: ["invalid_request", "not_found"],
  },
  getHistory: {
    method: "GET",
    path: `${api}/instances/{name}/history`,
    summary: "Where an instance stands and what came from what: snapshots, reverts, clones",
    needs: "read",
    params: instance,
    answer: { status: 200, means: "The history.", body: History },
    fails: ["invalid_request", "not_found"],
  },
  deleteSnapshot: {
    method: "DELETE",
    path: `${api}/instances/{name}/snapshots/{label}`,
    summary: "Delete one snapshot; clones of it stay whole",
    needs: "operate",
    params: { ...instance, label: SnapshotLabel },
    answer: { status: 204, means: "The snapshot is gone." },
    operation: true,
    fails: [...operationFailures, "not_found", "protected"],
  },
  listPorts: {
    method: "GET",
    path: `${api}/instances/{name}/ports`,
    summary: "An instance's published ports and where they are reachable",
    needs: "read",
    params: instance,
    answer: { status: 200, means: "The ports.", body: InstancePorts },
    fails: ["invalid_request", "not_found"],
  },
  refreshPorts: {
    method: "POST",
    path: `${api}/instances/{name}/ports/refresh`,
    summary: "Look for published ports again",
    needs: "operate",
    params: instance,
    answer: { status: 200, means: "The ports after the scan.", body: InstancePorts },
    fails: ["invalid_request", "not_found", "wrong_state", "not_ready"],
  },
  getAccess: {
    method: "GET",
    path: `${api}/instances/{name}/access`,
    summary: "What a client needs to use the workload, with hosts and ports put in",
    needs: "read",
    params: instance,
    answer: { status: 200, means: "Variables, files and endpoints.", body: Access },
    fails: ["invalid_request", "not_found", "wrong_state", "plugin_failed"],
  },
  getWorkload: {
    method: "GET",
    path: `${api}/instances/{name}/workload`,
    summary: "The workload as its plugin describes it",
    needs: "read",
    params: instance,
    answer: { status: 200, means: "The description.", body: WorkloadDescription },
    fails: ["invalid_request", "not_found", "wrong_state", "plugin_failed"],
  },
  getWorkloadHealth: {
    method: "GET",
    path: `${api}/instances/{name}/workload/health`,
    summary: "The workload's health, as last seen or asked for now",
    needs: "read",
    params: instance,
    query: z.object({
      fresh: z
        .enum(["true", "false"], { error: "expected true or false" })
        .optional()
        .describe("`true` asks the plugin now"),
    }),
    answer: { status: 200, means: "The health.", body: WorkloadHealth },
    fails: ["invalid_request", "not_found", "wrong_state", "plugin_failed"],
  },
  listPlugins: {
    method: "GET",
    path: `${api}/plugins`,
    summary: "Every plugin found, those that are disabled too",
    needs: "read",
    answer: { status: 200, means: "The plugins.", body: z.array(PluginInfo) },
    fails: [],
  },
  getPlugin: {
    method: "GET",
    path: `${api}/plugins/{name}`,
    summary: "One plugin with its configuration options",
    needs: "read",
    params: { name: PluginName },
    answer: { status: 200, means: "The plugin.", body: PluginInfo },
    fails: ["invalid_request", "not_found"],
  },
  reloadPlugins: {
    method: "POST",
    path: `${api}/plugins/reload`,
    summary: "Look for plugins again",
    needs: "operate",
    answer: { status: 200, means: "The plugins after the look.", body: z.array(PluginInfo) },
    fails: [],
  },
  listOperations: {
    method: "GET",
    path: `${api}/operations`,
    summary: "Operations, newest first",
    needs: "read",
    answer: { status: 200, means: "The operations.", body: z.array(Operation) },
    fails: [],
  },
  getOperation: {
    method: "GET",
    path: `${api}/operations/{id}`,
    summary: "One operation with its steps, and its result or error once it has ended",
    needs: "read",
    params: { id: OperationId },
    answer: { status: 200, means: "The operation.", body: Operation },
    fails: ["invalid_request", "not_found"],
  },
  cancelOperation: {
    method: "DELETE",
    path: `${api}/operations/{id}`,
    summary: "Ask an operation to stop and take itself back",
    needs: "operate",
    params: { id: OperationId },
    answer: { status: 202, means: "It was asked; its end tells whether it did.", body: Operation },
    fails: ["invalid_request", "not_found", "wrong_state"],
  },
  followOperation: {
    method: "GET",
    path: `${api}/operations/{id}/events`,
    summary: "An operation's progress from its first event to its end",
    needs: "read",
    params: { id: OperationId },
    answer: { status: 200, means: "One event a line.", type: "application/x-ndjson", body: ProgressEvent },
    fails: ["invalid_request", "not_found"],
  },
  followEvents: {
    method: "GET",
    path: `${api}/events`,
    summary: "What happens in the daemon, as it happens; Last-Event-ID resumes after that event",
    needs: "read",
    answer: { status: 200, means: "Server-sent events.", type: "text/event-stream", body: DaemonEvent },
    fails: ["invalid_request"],
  },
  getOpenApi: {
    method: "GET",
    path: `${api}/openapi.json`,
    summary: "This document",
    needs: "read",
    answer: { status: 200, means: "OpenAPI 3.1.", body: z.record(z.string(), z.unknown()) },
    fails: [],
  },
  getMetrics: {
    method: "GET",
    path: "/metrics",
    summary: "Figures for Prometheus",
    needs: "read",
    answer: { status: 200, means: "Prometheus' text format.", type: "text/plain", body: z.string() },
    fails: [],
  },
} as const satisfies Readonly<Record<string, Route>>;

export type RouteId = keyof typeof routes;
