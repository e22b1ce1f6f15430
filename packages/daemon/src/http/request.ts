import { createHash } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { IdempotencyKey, LastEventId, mayBeLeftOut, type Route } from "@dockersnap/contract/routes";
import { DockersnapError } from "@dockersnap/contract/words";
import * as z from "zod";
import { addOddities, parseJson, readBody } from "./body.ts";
import { hostName } from "./guard.ts";
import { isLoopback } from "./loopback.ts";
import { peerOf } from "./peer.ts";
import { addIssues, ignoredFields, Problems, refuse, UnknownFields } from "./problems.ts";
import type { RequestCaller } from "./service.ts";
import { tolerate } from "./tolerance.ts";

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
  /** What was ignored of the body, in sentences. */
  readonly warnings: readonly string[];
}

/** The request as its route's schemas have it. `invalid_request` names every problem of the address and the body at once. */
export async function parseRequest(route: Route, request: RawRequest, bodyLimit: number): Promise<ParsedRequest> {
  const problems = new Problems();
  const unknown = new UnknownFields();
  const check = (place: string, schema: z.ZodType, value: unknown): unknown => {
    const parsed = schema.safeParse(value);
    if (parsed.success) return parsed.data;
    addIssues(problems, place, schema, value, parsed.error.issues);
    return undefined;
  };
  const params = check("path parameter", z.object(route.params ?? {}), request.params);
  const query = check("query parameter", route.query ?? z.object({}), request.query);
  let body: unknown;
  if (route.method !== "GET") {
    // Read also where none is asked for, so that the bound holds for every request.
    const bytes = await readBody(request.incoming, bodyLimit);
    if (route.body === undefined) tolerate(z.object({}), jsonIn(bytes), unknown);
    else {
      const sent = bodyFor(route.body, bytes, request.incoming.headers);
      const found = problems.count;
      addOddities(problems, sent);
      if (problems.count === found) body = check("field", route.body, tolerate(route.body, sent, unknown));
    }
  }
  if (problems.count > 0) throw refuse(problems, unknown);
  return { params, query, body, host: hostName(request.incoming.headers.host), warnings: ignoredFields(unknown) };
}

function bodyFor(schema: z.ZodType, bytes: Buffer, headers: IncomingMessage["headers"]): unknown {
  const mayBeMissing = mayBeLeftOut(schema);
  if (mayBeMissing && bytes.length === 0) return {};
  const sent = parseJson(bytes, headers);
  return mayBeMissing && sent === null ? {} : sent;
}

/** What a body holds that nobody asked for, as far as it is JSON. */
function jsonIn(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString());
  } catch {
    return undefined;
  }
}

/** Who asked for an operation, under which key a repeat is recognised, and what was ignored of the request. */
export function callerOf(incoming: IncomingMessage, { body, warnings }: ParsedRequest): RequestCaller {
  const requestedBy = peerOf(incoming.socket);
  const key = header(incoming, "Idempotency-Key", IdempotencyKey);
  if (key === undefined) return { requestedBy, warnings };
  const { method, url } = incoming;
  // A program on this machine may reach the daemon by another loopback address each time.
  const from = isLoopback(requestedBy) ? "loopback" : requestedBy;
  const requestDigest = digestOf([method, url, from, body]);
  return { requestedBy, idempotencyKey: key, requestDigest, warnings };
}

/** The same for requests that mean the same, however their JSON was written. */
function digestOf(request: unknown): string {
  const sorted = (_key: string, value: unknown) =>
    typeof value === "object" && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
      : value;
  return createHash("sha256").update(JSON.stringify(request, sorted)).digest("base64url");
}

/** The event after which a client goes on, if it says so. */
export function lastEventId(incoming: IncomingMessage): number | undefined {
  const sent = header(incoming, "Last-Event-ID", LastEventId);
  return sent === undefined || sent === "" ? undefined : Number(sent);
}

/** A header as its schema has it, or undefined without one. */
function header(incoming: IncomingMessage, name: string, schema: z.ZodString): string | undefined {
  const sent = incoming.headers[name.toLowerCase()];
  if (sent === undefined) return undefined;
  const parsed = schema.safeParse(sent);
  if (parsed.success) return parsed.data;
  throw new DockersnapError("invalid_request", `Header ${name}: ${parsed.error.issues[0]?.message}.`);
}
