export type { Body, BodyReader } from "./body.ts";
export {
  type Client,
  type ClientOptions,
  createClient,
  type InstancesClient,
  type OperationsClient,
  type PluginsClient,
  type ReadOptions,
} from "./client.ts";
export type { EventsOptions } from "./events.ts";
export type { FollowOptions } from "./follow.ts";
export type { Fetch, FetchRequest, FetchResponse } from "./transport.ts";
export { DaemonUnreachableError } from "./unreachable.ts";
