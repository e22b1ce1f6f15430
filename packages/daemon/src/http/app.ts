import { randomUUID } from "node:crypto";
import { DockersnapError } from "@dockersnap/contract/words";
import type { Log } from "@dockersnap/core";
import { Hono } from "hono";
import { loadDashboard } from "./dashboard.ts";
import { failureOf } from "./errors.ts";
import { createGuard } from "./guard.ts";
import { peerOf } from "./peer.ts";
import { cutOffPipelined } from "./pipelined.ts";
import { allowedMethods, routeEntries } from "./router.ts";
import { type Env, Serving, type ServingParts } from "./serving.ts";
import { cutOffStalled } from "./stalled.ts";

export interface AppParts extends ServingParts {
  readonly token: string | undefined;
  readonly log: Log;
  readonly dashboardDir: string;
  /** Throws `too_many_requests` when there are too many connections. */
  readonly checkConnections: (peer: string) => void;
}

/** The API and the dashboard as one function from request to response. */
export function createApp(parts: AppParts): Hono<Env> {
  const { token, closing, checkConnections } = parts;
  const guard = createGuard(token);
  const dashboard = loadDashboard(parts.dashboardDir);
  const serving = new Serving(parts);
  const app = new Hono<Env>();

  app.use("*", async (context, next) => {
    const began = performance.now();
    const requestId = requestIdOf(context.req.header("x-request-id"));
    const log = parts.log.child({ request_id: requestId });
    context.set("requestId", requestId);
    context.set("log", log);
    await next();
    const { headers, status } = context.res;
    headers.set("X-Request-Id", requestId);
    headers.set("X-Content-Type-Options", "nosniff");
    if (!headers.has("Cache-Control")) headers.set("Cache-Control", "no-store");
    const { method, path } = context.req;
    const fields = { method, path, status, ms: Math.round(performance.now() - began) };
    if (method === "GET" || method === "HEAD") log.debug("answered", fields);
    else log.info("answered", fields);
  });
  app.use("*", async (context, next) => {
    const { incoming, outgoing } = context.env;
    cutOffPipelined(incoming.socket, outgoing, context.get("log"));
    cutOffStalled(outgoing, parts.bounds.stallTimeoutMs, context.get("log"));
    checkConnections(peerOf(incoming.socket));
    if (closing.aborted)
      throw new DockersnapError("shutting_down", "The daemon is stopping; try again when it is back.");
    await next();
  });
  app.onError((error, context) => {
    const { status, code, body } = failureOf(error, context.get("requestId"));
    if (status >= 500) context.get("log").error("a request failed", { path: context.req.path, code, error });
    const headers = code === "unauthorized" ? { "WWW-Authenticate": "Bearer" } : {};
    return Response.json(body, { status, headers });
  });

  for (const [id, route] of routeEntries) {
    app.on(route.method, route.path.replaceAll(/\{(\w+)\}/g, ":$1"), (context) => {
      guard(route.needs, context.env.incoming.headers);
      return serving.serve(id, route, context);
    });
  }
  app.on("GET", ["/", "/ui", "/ui/*"], (context) => {
    guard("nothing", context.env.incoming.headers);
    const path = context.req.path.replace(/^\/(ui\/?)?/, "");
    return dashboard.respond(path, context.req.header("if-none-match"));
  });
  app.notFound((context) => {
    const { method, path } = context.req;
    guard(
      method === "GET" || method === "HEAD" || method === "OPTIONS" ? "read" : "operate",
      context.env.incoming.headers,
    );
    const allowed = allowedMethods(path);
    if (allowed.length === 0) {
      throw new DockersnapError(
        "not_found",
        `There is nothing at ${path}. GET /api/v1/openapi.json tells what there is.`,
      );
    }
    const headers = { Allow: allowed.join(", ") };
    if (method === "OPTIONS") return new Response(null, { status: 204, headers });
    const error = `${path} does not take ${method}, only ${allowed.join(", ")}.`;
    return Response.json({ error, code: "invalid_request" }, { status: 405, headers });
  });
  return app;
}

/** A caller's own id goes through to the log, where it is one that cannot be mistaken for more than a word. */
function requestIdOf(sent: string | undefined): string {
  return sent !== undefined && /^[A-Za-z0-9._-]{1,64}$/.test(sent) ? sent : randomUUID();
}
