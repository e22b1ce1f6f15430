import type { IncomingMessage } from "node:http";
import { Readable } from "node:stream";
import { openApiDocument } from "@dockersnap/contract/openapi";
import { mayBeLeftOut, type Route } from "@dockersnap/contract/routes";
import { DockersnapError } from "@dockersnap/contract/words";
import { UnknownFields } from "../../../src/http/problems.ts";
import { callerOf, lastEventId, parseRequest } from "../../../src/http/request.ts";
import { tolerate } from "../../../src/http/tolerance.ts";
import { isValid, type Schema } from "./json-schema.ts";

/** A request by the parts that the document describes. Without a `body` none is sent. */
export interface Sent {
  readonly params: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, string>>;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

export interface Parameter {
  readonly in: "path" | "query" | "header";
  readonly name: string;
  readonly required: boolean;
  readonly schema: Schema;
}

interface Described {
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: {
    readonly required: boolean;
    readonly content: { readonly "application/json": { readonly schema: Schema } };
  };
}

// As it goes over the wire.
const document = JSON.parse(JSON.stringify(openApiDocument("1"))) as {
  paths: Record<string, Record<string, Described>>;
  components: { schemas: Record<string, Schema> };
};

export function resolve(ref: string): Schema {
  const found = document.components.schemas[ref.replace("#/components/schemas/", "")];
  if (found === undefined) throw new Error(`The document has no ${ref}.`);
  return found;
}

export function described({ path, method }: Route): Described {
  return document.paths[path]?.[method.toLowerCase()] as Described;
}

export const bodySchema = (route: Route) => described(route).requestBody?.content["application/json"].schema;

/** Whether the document allows it. */
export function documentAllows(route: Route, sent: Sent): boolean {
  const { parameters = [], requestBody } = described(route);
  const places = { path: sent.params, query: sent.query, header: sent.headers };
  const fit = parameters.every(({ in: place, name, required, schema }) => {
    const value = places[place][name];
    return value === undefined ? !required : isValid(schema, value, resolve);
  });
  if (!fit || requestBody === undefined) return fit;
  if (sent.body === undefined) return !requestBody.required;
  return isValid(requestBody.content["application/json"].schema, sent.body, resolve);
}

/** The same request without what the server passes over: fields it does not know, and those sent as `null` or `""` for none. */
export function withoutLeeway(route: Route, sent: Sent): Sent {
  if (route.body === undefined || sent.body === undefined) return sent;
  const body = sent.body === null && mayBeLeftOut(route.body) ? {} : sent.body;
  return { ...sent, body: tolerate(route.body, body, new UnknownFields()) };
}

/** Whether the server takes it up to where the daemon itself is asked. */
export async function serverTakes(route: Route, { params, query, headers, body }: Sent): Promise<boolean> {
  const payload = body === undefined ? [] : [Buffer.from(JSON.stringify(body))];
  const incoming = Object.assign(Readable.from(payload), {
    headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value])),
    socket: {},
    method: route.method,
    url: route.path,
  }) as unknown as IncomingMessage;
  try {
    const parsed = await parseRequest(route, { params, query, incoming }, 1_048_576);
    if (route.operation === true) callerOf(incoming, parsed);
    if (route.answer.type === "text/event-stream") lastEventId(incoming);
    return true;
  } catch (error) {
    if (error instanceof DockersnapError && error.code === "invalid_request") return false;
    throw error;
  }
}
