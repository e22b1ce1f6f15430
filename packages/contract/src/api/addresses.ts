/** Where one thing of the API is, and what a client has to know to ask for it. No schema: those are in the routes. */
export interface Address {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** With parameters in braces, such as `/api/v1/instances/{name}`. */
  readonly path: string;
  /** The JSON that answers: one object where this is left out, streams and text aside. */
  readonly gives?: "list" | "nothing";
  /** The change is an operation, so the caller may follow it or come back for it instead of waiting. */
  readonly operation?: true;
}

/** What every path but that of the metrics begins with. */
export const api = "/api/v1";

const instance = `${api}/instances/{name}` as const;
const snapshot = `${instance}/snapshots/{label}` as const;

/** Every address of the API under the id of its route. */
export const addresses = {
  getHealth: { method: "GET", path: `${api}/health` },
  getPool: { method: "GET", path: `${api}/pool` },
  growPool: { method: "POST", path: `${api}/pool/grow` },
  followEvents: { method: "GET", path: `${api}/events` },
  getOpenApi: { method: "GET", path: `${api}/openapi.json` },
  getMetrics: { method: "GET", path: "/metrics" },

  listInstances: { method: "GET", path: `${api}/instances`, gives: "list" },
  createInstance: { method: "POST", path: `${api}/instances`, operation: true },
  getInstance: { method: "GET", path: instance },
  changeInstance: { method: "PATCH", path: instance, operation: true },
  deleteInstance: { method: "DELETE", path: instance, gives: "nothing", operation: true },
  startInstance: { method: "POST", path: `${instance}/start`, operation: true },
  stopInstance: { method: "POST", path: `${instance}/stop`, operation: true },
  restartInstance: { method: "POST", path: `${instance}/restart`, operation: true },
  cloneInstance: { method: "POST", path: `${instance}/clone`, operation: true },
  getUsage: { method: "GET", path: `${instance}/usage` },

  takeSnapshot: { method: "POST", path: `${instance}/snapshot`, operation: true },
  revertInstance: { method: "POST", path: `${instance}/revert`, operation: true },
  undoRevert: { method: "POST", path: `${instance}/undo`, operation: true },
  redoRevert: { method: "POST", path: `${instance}/redo`, operation: true },
  listSnapshots: { method: "GET", path: `${instance}/snapshots`, gives: "list" },
  getHistory: { method: "GET", path: `${instance}/history` },
  getDiff: { method: "GET", path: `${instance}/diff` },
  changeSnapshot: { method: "PATCH", path: snapshot, operation: true },
  verifySnapshot: { method: "POST", path: `${snapshot}/verify`, operation: true },
  deleteSnapshot: { method: "DELETE", path: snapshot, gives: "nothing", operation: true },

  listSchedules: { method: "GET", path: `${instance}/schedules`, gives: "list" },
  addSchedule: { method: "POST", path: `${instance}/schedules`, operation: true },
  removeSchedule: { method: "DELETE", path: `${instance}/schedules/{id}`, gives: "nothing", operation: true },

  listStandbys: { method: "GET", path: `${api}/standby`, gives: "list" },
  setStandby: { method: "PUT", path: `${snapshot}/standby`, operation: true },
  removeStandby: { method: "DELETE", path: `${snapshot}/standby`, gives: "nothing", operation: true },

  listPorts: { method: "GET", path: `${instance}/ports` },
  refreshPorts: { method: "POST", path: `${instance}/ports/refresh` },
  getAccess: { method: "GET", path: `${instance}/access` },
  getWorkload: { method: "GET", path: `${instance}/workload` },
  getWorkloadHealth: { method: "GET", path: `${instance}/workload/health` },

  listPlugins: { method: "GET", path: `${api}/plugins`, gives: "list" },
  getPlugin: { method: "GET", path: `${api}/plugins/{name}` },
  reloadPlugins: { method: "POST", path: `${api}/plugins/reload`, gives: "list" },

  listOperations: { method: "GET", path: `${api}/operations`, gives: "list" },
  getOperation: { method: "GET", path: `${api}/operations/{id}` },
  cancelOperation: { method: "DELETE", path: `${api}/operations/{id}` },
  followOperation: { method: "GET", path: `${api}/operations/{id}/events` },
} as const satisfies Readonly<Record<string, Address>>;

export type RouteId = keyof typeof addresses;
