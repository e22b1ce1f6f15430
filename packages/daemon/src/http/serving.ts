import type { IncomingMessage } from "node:http";
import { openApiDocument } from "@dockersnap/contract/openapi";
import type { Route, RouteId } from "@dockersnap/contract/routes";
import type { DaemonEvent, ProgressEvent } from "@dockersnap/contract/words";
import type { Log } from "@dockersnap/core";
import type { HttpBindings } from "@hono/node-server";
import type { Context } from "hono";
import { type HttpBounds, StreamPlaces } from "./bounds.ts";
import { failureOf } from "./errors.ts";
import { answers, mutations } from "./handlers.ts";
import {
  answerAtEnd,
  answerLater,
  operationHeader,
  type Waiting,
  waitingOf,
  withWarnings,
} from "./operation-answer.ts";
import { answerOperations } from "./operations-page.ts";
import { peerOf } from "./peer.ts";
import { callerOf, lastEventId, type ParsedRequest, parseRequest } from "./request.ts";
import type { Service } from "./service.ts";
import { type StreamParts, streamOf } from "./stream.ts";

export interface ServingParts {
  readonly service: Service;
  readonly version: string;
  readonly bounds: HttpBounds;
  /** Aborted when the server is told to stop: streams of events end. */
  readonly closing: AbortSignal;
  /** Aborted when it waits no longer: who waits for an operation is told to come back. */
  readonly leaving: AbortSignal;
}

export type Env = { Bindings: HttpBindings; Variables: { requestId: string; log: Log } };
type RequestContext = Context<Env>;

const progressType = "application/x-ndjson";
const metricsType = "text/plain; version=0.0.4; charset=utf-8";

/** Serves routes: parse the request, call the service, answer. Who may call was decided before. */
export class Serving {
  readonly #parts: ServingParts;
  readonly #streams: StreamPlaces;
  readonly #document: unknown;

  constructor(parts: ServingParts) {
    this.#parts = parts;
    this.#streams = new StreamPlaces(parts.bounds);
    this.#document = openApiDocument(parts.version);
  }

  /** A caller that follows progress learns of a refusal the way it learns of any other end. */
  async serve(id: RouteId, route: Route, context: RequestContext): Promise<Response> {
    if (route.operation !== true || waitingFor(context) !== "stream") return this.#serve(id, route, context);
    try {
      return await this.#serve(id, route, context);
    } catch (error) {
      return this.#refusal(error, context);
    }
  }

  async #serve(id: RouteId, route: Route, context: RequestContext): Promise<Response> {
    const { service, bounds } = this.#parts;
    const { incoming } = context.env;
    const raw = { params: context.req.param() as Record<string, string>, query: context.req.query(), incoming };
    const request = await parseRequest(route, raw, bounds.bodyBytes);
    switch (id) {
      case "getOpenApi":
        return Response.json(this.#document);
      case "getMetrics":
        return new Response(await service.metrics(), { headers: { "Content-Type": metricsType } });
      case "followOperation":
        return this.#progress(context, service.operations.get(request.params.id).id, () => this.#takeStream(incoming));
      case "followEvents":
        return this.#events(context);
      case "listOperations":
        return answerOperations(service, request.query);
      default:
        if (route.operation === true)
          return this.#operate(mutations[id as keyof typeof mutations](request), route, request, context);
        return this.#answer(id as keyof typeof answers, route, request);
    }
  }

  async #answer(id: keyof typeof answers, route: Route, request: ParsedRequest): Promise<Response> {
    const answer = await answers[id](this.#parts.service, request);
    return Response.json(withWarnings(answer, request.warnings), { status: route.answer.status });
  }

  async #operate(
    mutation: Parameters<Service["begin"]>[0],
    route: Route,
    request: ParsedRequest,
    context: RequestContext,
  ): Promise<Response> {
    const { service, leaving } = this.#parts;
    const { incoming } = context.env;
    const waiting = waitingFor(context);
    const caller = callerOf(incoming, request);
    // Taken before anything begins: what has begun can then always be followed.
    const release = waiting === "stream" ? this.#takeStream(incoming) : undefined;
    try {
      const begun = await service.begin(mutation, caller);
      if (release !== undefined) return this.#progress(context, begun.id, () => release);
      if (waiting === "later") return answerLater(service, begun);
      const { response, ended } = await answerAtEnd(route, begun, leaving);
      if (response.status >= 500) {
        context.get("log").error("an operation failed", { operation: ended.id, kind: ended.kind, error: ended.error });
      }
      return response;
    } catch (error) {
      release?.();
      throw error;
    }
  }

  #refusal(error: unknown, context: RequestContext): Response {
    const { status, code, body } = failureOf(error, context.get("requestId"));
    if (status >= 500) context.get("log").error("a request failed", { path: context.req.path, code, error });
    const { error: message, ...rest } = body;
    const event = { step: "error", status: "error", message, ...rest };
    return new Response(`${JSON.stringify(event)}\n`, { headers: { "Content-Type": progressType } });
  }

  #takeStream(incoming: IncomingMessage): () => void {
    return this.#streams.take(peerOf(incoming.socket));
  }

  #progress(context: RequestContext, operation: string, takePlace: () => () => void): Response {
    return this.#stream<ProgressEvent>(context, takePlace, {
      headers: { "Content-Type": progressType, [operationHeader]: operation },
      follow: (signal) => this.#parts.service.operations.follow(operation, signal),
      encode: (event) => `${JSON.stringify(event)}\n`,
      closing: this.#parts.leaving,
    });
  }

  #events(context: RequestContext): Response {
    const after = lastEventId(context.env.incoming);
    return this.#stream<DaemonEvent>(context, () => this.#takeStream(context.env.incoming), {
      headers: { "Content-Type": "text/event-stream" },
      follow: (signal) => this.#parts.service.events(after, signal),
      encode: (event) => `id: ${event.id}\nevent: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`,
      opening: "retry: 2000\n: connected\n\n",
      heartbeat: ": still here\n\n",
      closing: this.#parts.closing,
    });
  }

  #stream<T>(
    context: RequestContext,
    takePlace: () => () => void,
    parts: Pick<StreamParts<T>, "follow" | "encode" | "opening" | "heartbeat" | "closing"> & {
      headers: Record<string, string>;
    },
  ): Response {
    const { bounds } = this.#parts;
    const { incoming, outgoing } = context.env;
    // Proxies that gather an answer before they pass it on leave this one alone.
    const headers = { ...parts.headers, "X-Accel-Buffering": "no" };
    // A HEAD asks for the headers alone, and nobody would ever read or end the stream.
    if (incoming.method === "HEAD") return new Response(null, { headers });
    const stream = streamOf({ ...parts, outgoing, bounds, log: context.get("log"), ended: takePlace() });
    return new Response(stream, { headers });
  }
}

function waitingFor(context: RequestContext): Waiting {
  return waitingOf(context.env.incoming.headers.accept, context.req.header("prefer"));
}
