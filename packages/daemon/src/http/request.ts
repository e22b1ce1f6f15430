import type { IncomingMessage } from "node:http";
import type { Route } from "@dockersnap/contract/routes";
import { DockersnapError } from "@dockersnap/contract/words";
import * as z from "zod";
import { oddities, parseJson, readBody } from "./body.ts";
import { hostName } from "./guard.ts";
import { type Problem, problemsOf, refuse } from "./problems.ts";
import type { RequestCaller } from "./service.ts";

/** A request as it came: what the router found in its address, and the message itself. */
export interface RawRequest {
  readonly params: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, string>>;
  readonly incoming: IncomingMessage;
}

/** The parts as the route's schemas have them; which types they are follows from the route, and only its handler knows. */
export interface ParsedRequest {
  // biome-ignore lint/suspicious/noExplicitAny: see above.
  readonly params: any;
  // biome-ignore lint/suspicious/noExplicitAny: see above.
  readonly query: any;
  // biome-ignore lint/suspicious/noExplicitAny: see above.
  readonly body: any;
  readonly host: string | undefined;
}

/** The request as its route's schemas have it. `invalid_request` names every problem of the address and the body at once. */
export async function parseRequest(route: Route, request: RawRequest, bodyLimit: number): Promise<ParsedRequest> {
  const problems: Problem[] = [];
  const check = (place: string, schema: z.ZodType, value: unknown): unknown => {
    const parsed = schema.safeParse(value);
    if (parsed.success) return parsed.data;
    problems.push(...problemsOf(place, schema, value, parsed.error.issues));
    return undefined;
  };
  const params = check("path parameter", z.object(route.params ?? {}), request.params);
  const query = check("query parameter", route.query ?? z.object({}), request.query);
  let body: unknown;
  if (route.method !== "GET") {
    // Read also where none is asked for, so that the bound holds for every request.
    const bytes = await readBody(request.incoming, bodyLimit);
    if (route.body !== undefined) {
      const sent = parseJson(bytes, request.incoming.headers);
      const odd = oddities(sent);
      problems.push(...odd);
      if (odd.length === 0) body = check("field", route.body, sent);
    }
  }
  if (problems.length > 0) throw refuse(problems);
  return { params, query, body, host: hostName(request.incoming.headers.host) };
}

/** Who asked for an operation, and under which key a repeat is recognised. */
export function callerOf(incoming: IncomingMessage): RequestCaller {
  const requestedBy = (incoming.socket.remoteAddress ?? "unknown").replace(/^::ffff:/, "");
  const key = incoming.headers["idempotency-key"];
  if (key === undefined) return { requestedBy };
  if (typeof key !== "string" || !/^[!-~]{1,200}$/.test(key)) {
    throw refuse([
      { field: "Idempotency-Key", sentence: "header Idempotency-Key: expected 1 to 200 visible ASCII characters" },
    ]);
  }
  return { requestedBy, idempotencyKey: key };
}

/** The event after which a client goes on, if it says so. */
export function lastEventId(incoming: IncomingMessage): number | undefined {
  const sent = incoming.headers["last-event-id"];
  if (sent === undefined || sent === "") return undefined;
  if (typeof sent === "string" && /^\d{1,15}$/.test(sent)) return Number(sent);
  throw new DockersnapError("invalid_request", "Header Last-Event-ID: expected the id of an event, a whole number.");
}
