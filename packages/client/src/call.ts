import { type Address, addresses } from "@dockersnap/contract/addresses";
import {
  DockersnapError,
  type JsonRouteId,
  type RouteAnswer,
  type RouteParams,
  type RouteSends,
} from "@dockersnap/contract/words";
import { pathOf, queryOf } from "./address.ts";
import { type FollowOptions, startAndFollow } from "./follow.ts";
import { isRecord, type Transport } from "./transport.ts";

interface Calls {
  /** Takes what stands in the path, and the body or the query. An answer that is not as the address says rejects with `internal`. */
  call<Id extends JsonRouteId>(
    id: Id,
    params: RouteParams<Id>,
    sent: RouteSends<Id>,
    options?: FollowOptions,
  ): Promise<RouteAnswer<Id>>;
  /** The same where older daemons answer otherwise: whatever came. */
  send<Id extends JsonRouteId>(
    id: Id,
    params: RouteParams<Id>,
    sent: RouteSends<Id>,
    options?: FollowOptions,
  ): Promise<unknown>;
}

/** Calls of the contract's routes by their ids; one that begins an operation is followed to its end. */
export function createCalls(transport: Transport): Calls {
  const requestOf = <Id extends JsonRouteId>(id: Id, params: RouteParams<Id>, sent: RouteSends<Id>) => {
    const { method } = addresses[id];
    const path = pathOf(id, params);
    if (method === "GET") return { method, path: `${path}${queryOf(sent ?? {})}` };
    return sent === undefined ? { method, path } : { method, path, body: sent };
  };
  const answerTo = (id: JsonRouteId, request: ReturnType<typeof requestOf>, options: FollowOptions) => {
    const { operation }: Address = addresses[id];
    if (operation) return startAndFollow(transport, request, options);
    return transport.json({ ...request, signal: options.signal });
  };
  return {
    send: async (id, params, sent, options = {}) => answerTo(id, requestOf(id, params, sent), options),
    call: async (id, params, sent, options = {}) => {
      const request = requestOf(id, params, sent);
      return shaped(id, await answerTo(id, request, options), request.path);
    },
  };
}

/** Only the outermost shape is looked at: what is inside is the daemon's word, kept by the same contract. */
export function shaped<Id extends JsonRouteId>(id: Id, answer: unknown, path: string): RouteAnswer<Id> {
  const { gives }: Address = addresses[id];
  if (gives === "list" ? !Array.isArray(answer) : gives === undefined && !isRecord(answer)) {
    const expected = gives === "list" ? "a list" : "an object";
    throw new DockersnapError("internal", `The daemon's answer to ${path} is not ${expected}.`);
  }
  return (gives === "nothing" ? undefined : answer) as RouteAnswer<Id>;
}
