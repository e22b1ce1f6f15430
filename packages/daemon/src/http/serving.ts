import { openApiDocument } from "@dockersnap/contract/openapi";
import type { Route, RouteId } from "@dockersnap/contract/routes";
import type { DaemonEvent, ProgressEvent } from "@dockersnap/contract/words";
import type { Log } from "@dockersnap/core";
import type { HttpBindings } from "@hono/node-server";
import type { Context } from "hono";
import { type HttpBounds, Places } from "./bounds.ts";
import { answers, mutations } from "./handlers.ts";
import { answerAtEnd, answerLater, operationHeader, waitingOf } from "./operation-answer.ts";
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
  readonly #streams: Places;
  readonly #document: unknown;

  constructor(parts: ServingParts) {
    this.#parts = parts;
    this.#streams = new Places(parts.bounds.streams, "streams");
    this.#document = openApiDocument(parts.version);
  }

  async serve(id: RouteId, route: Route, context: RequestContext): Promise<Response> {
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
        return this.#progress(context, service.operations.get(request.params.id).id, () => this.#streams.take());
      case "followEvents":
        return this.#events(context);
      default:
        if (route.operation === true)
          return this.#operate(mutations[id as keyof typeof mutations](request), route, context);
        return this.#answer(id as keyof typeof answers, route, request);
    }
  }

  async #answer(id: keyof typeof answers, route: Route, request: ParsedRequest): Promise<Response> {
    return Response.json(await answers[id](this.#parts.service, request), { status: route.answer.status });
  }

  async #operate(mutation: Parameters<Service["begin"]>[0], route: Route, context: RequestContext): Promise<Response> {
    const { service, leaving } = this.#parts;
    const { incoming } = context.env;
    const waiting = waitingOf(incoming.headers.accept, context.req.header("prefer"));
    const caller = callerOf(incoming);
    // Taken before anything begins: what has begun can then always be followed.
    const release = waiting === "stream" ? this.#streams.take() : undefined;
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
    return this.#stream<DaemonEvent>(context, () => this.#streams.take(), {
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
