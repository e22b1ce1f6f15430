import type { RouteId } from "../addresses.ts";
import type { Route } from "../route.ts";
import { daemonRoutes } from "./daemon.ts";
import { instancesRoutes } from "./instances.ts";
import { operationsRoutes } from "./operations.ts";
import { pluginsRoutes } from "./plugins.ts";
import { schedulesRoutes } from "./schedules.ts";
import { snapshotsRoutes } from "./snapshots.ts";
import { standbysRoutes } from "./standbys.ts";
import { workloadRoutes } from "./workload.ts";

export type { RouteId } from "../addresses.ts";
export { IdempotencyKey, LastEventId } from "../headers.ts";
export { type Answer, bodyBounds, mayBeLeftOut, type Route } from "../route.ts";

/** Every route of the API under the id the OpenAPI document gives it. */
export const routes = {
  ...daemonRoutes,
  ...instancesRoutes,
  ...snapshotsRoutes,
  ...schedulesRoutes,
  ...standbysRoutes,
  ...workloadRoutes,
  ...pluginsRoutes,
  ...operationsRoutes,
} as const satisfies Readonly<Record<RouteId, Route>>;
