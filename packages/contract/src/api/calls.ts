import type * as z from "zod";
import type { RouteId } from "./addresses.ts";
import type { routes } from "./routes/index.ts";

/*
 * A route's schemas as types, from the caller's side: nothing of the routes is loaded for them.
 */

type Routes = typeof routes;

/** What stands in the braces of the path. */
export type RouteParams<Id extends RouteId> = Routes[Id] extends { params: infer Params }
  ? { readonly [Name in keyof Params]: string }
  : Readonly<Record<string, never>>;

/** The body, or the query of a route that is read. */
export type RouteSends<Id extends RouteId> = Routes[Id] extends { body: infer Body extends z.ZodType }
  ? z.input<Body>
  : Routes[Id] extends { query: infer Query extends z.ZodType }
    ? z.input<Query>
    : undefined;

/** What answers in the end; of a stream, one of its items. */
export type RouteAnswer<Id extends RouteId> = Routes[Id]["answer"] extends { body: infer Body extends z.ZodType }
  ? z.output<Body>
  : undefined;

/** The routes that answer with one piece of JSON. */
export type JsonRouteId = {
  [Id in RouteId]: Routes[Id]["answer"] extends { type: string } ? never : Id;
}[RouteId];
