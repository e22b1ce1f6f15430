import type { RouteId, routes } from "@dockersnap/contract/routes";
import type * as z from "zod";
import type { MutationRequest, Service } from "./service.ts";

type Routes = typeof routes;

/** A request's parts, parsed by its route's schemas. */
export interface Input<Id extends RouteId> {
  readonly params: Routes[Id] extends { params: infer P } ? { readonly [K in keyof P]: string } : unknown;
  readonly query: Routes[Id] extends { query: infer Q extends z.ZodType } ? z.output<Q> : unknown;
  readonly body: Routes[Id] extends { body: infer B extends z.ZodType } ? z.output<B> : unknown;
  /** The name or address by which the caller reached the daemon. */
  readonly host: string | undefined;
}

type OperationRouteId = { [Id in RouteId]: Routes[Id] extends { operation: true } ? Id : never }[RouteId];
type StreamRouteId = "followOperation" | "followEvents";
type TextRouteId = "getMetrics" | "getOpenApi";
type PagedRouteId = "listOperations";

/** Routes whose change is an operation: what is to be begun. */
export const mutations: { readonly [Id in OperationRouteId]: (input: Input<Id>) => MutationRequest } = {
  createInstance: ({ body }) => ({ kind: "create", body }),
  changeInstance: ({ params: { name }, body }) => ({ kind: "change", name, body }),
  deleteInstance: ({ params: { name } }) => ({ kind: "delete", name }),
  startInstance: ({ params: { name } }) => ({ kind: "start", name }),
  stopInstance: ({ params: { name } }) => ({ kind: "stop", name }),
  restartInstance: ({ params: { name } }) => ({ kind: "restart", name }),
  takeSnapshot: ({ params: { name }, body }) => ({ kind: "snapshot", name, body }),
  revertInstance: ({ params: { name }, body }) => ({ kind: "revert", name, body }),
  undoRevert: ({ params: { name } }) => ({ kind: "undo", name }),
  redoRevert: ({ params: { name } }) => ({ kind: "redo", name }),
  cloneInstance: ({ params: { name }, body }) => ({ kind: "clone", name, body }),
  changeSnapshot: ({ params: { name, label }, body }) => ({ kind: "change_snapshot", name, label, body }),
  addSchedule: ({ params: { name }, body }) => ({ kind: "add_schedule", name, body }),
  removeSchedule: ({ params: { name, id } }) => ({ kind: "remove_schedule", name, id }),
  verifySnapshot: ({ params: { name, label }, body }) => ({ kind: "verify", name, label, body }),
  setStandby: ({ params: { name, label }, body }) => ({ kind: "set_standby", name, label, body }),
  removeStandby: ({ params: { name, label } }) => ({ kind: "remove_standby", name, label }),
  deleteSnapshot: ({ params: { name, label } }) => ({ kind: "remove_snapshot", name, label }),
};

type JsonRouteId = Exclude<RouteId, OperationRouteId | StreamRouteId | TextRouteId | PagedRouteId>;

/** Routes that answer with what one call gives. */
export const answers: { readonly [Id in JsonRouteId]: (service: Service, input: Input<Id>) => unknown } = {
  getHealth: (service) => service.health(),
  getPool: (service) => service.pool(),
  growPool: (service, { body }) => service.growPool(body),
  listInstances: (service, { query }) => service.instances.list(query.all === "true"),
  getInstance: (service, { params: { name } }) => service.instances.get(name),
  listSnapshots: (service, { params: { name }, query }) => service.snapshots(name, query.size === "true"),
  getUsage: (service, { params: { name } }) => service.usage(name),
  listSchedules: (service, { params: { name } }) => service.schedules(name),
  listStandbys: (service) => service.standbys(),
  getHistory: (service, { params: { name } }) => service.history(name),
  getDiff: (service, { params: { name }, query: { limit, ...moments } }) =>
    service.diff(name, { ...moments, ...(limit === undefined ? {} : { limit: Number(limit) }) }),
  listPorts: (service, { params: { name } }) => service.ports(name),
  refreshPorts: (service, { params: { name } }) => service.refreshPorts(name),
  getAccess: (service, { params: { name }, host }) => service.access(name, host),
  getWorkload: (service, { params: { name } }) => service.workload(name),
  getWorkloadHealth: (service, { params: { name }, query }) => service.workloadHealth(name, query.fresh === "true"),
  listPlugins: (service) => service.plugins.list(),
  getPlugin: (service, { params: { name } }) => service.plugins.get(name),
  reloadPlugins: (service) => service.plugins.reload(),
  getOperation: (service, { params: { id } }) => service.operations.get(id),
  cancelOperation: (service, { params: { id } }) => service.operations.cancel(id),
};
