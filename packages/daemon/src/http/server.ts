import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { DockersnapError } from "@dockersnap/contract/words";
import type { Log } from "@dockersnap/core";
import { getRequestListener } from "@hono/node-server";
import type { Config } from "../config/config.ts";
import { createApp } from "./app.ts";
import { defaultBounds, type HttpBounds, Tally, tooMany } from "./bounds.ts";
import { isLoopback } from "./loopback.ts";
import { peerOf } from "./peer.ts";
import type { Service } from "./service.ts";

export interface HttpServerOptions {
  readonly service: Service;
  readonly config: { readonly api: Pick<Config["api"], "listen" | "token"> };
  readonly log: Log;
  /** The built dashboard. */
  readonly dashboardDir: string;
  readonly version: string;
  readonly bounds?: Partial<HttpBounds>;
}

export interface HttpServer {
  /** Resolves with where it listens, as `host:port`. Rejects with a sentence when it cannot. */
  listen(): Promise<{ readonly address: string; readonly port: number }>;
  /**
   * Take no more requests and end the streams of events. Who waits for an operation has `graceMs` to see its end, and is
   * then told that the daemon stops. Resolves when no connection is left.
   */
  close(graceMs: number): Promise<void>;
}

/** For the last answers to get out. */
const partingMs = 1_000;

export function createHttpServer(options: HttpServerOptions): HttpServer {
  const { config, log } = options;
  const { listen, token } = config.api;
  const bounds = { ...defaultBounds, ...options.bounds };
  const closing = new AbortController();
  const leaving = new AbortController();
  const open = new Tally();
  const app = createApp({
    service: options.service,
    token,
    log,
    dashboardDir: options.dashboardDir,
    version: options.version,
    bounds,
    closing: closing.signal,
    leaving: leaving.signal,
    checkConnections: (peer) => {
      const { connections: all, connectionsPerPeer: each } = bounds;
      if (open.all > all) throw tooMany(`More than ${all} connections are open, the most the daemon serves at once`);
      if (open.of(peer) <= each) return;
      throw tooMany(`More than ${each} connections from ${peer} are open, the most one address may have`);
    },
  });
  const server = createServer(
    {
      headersTimeout: bounds.headersTimeoutMs,
      requestTimeout: bounds.requestTimeoutMs,
      keepAliveTimeout: bounds.keepAliveTimeoutMs,
      connectionsCheckingInterval: Math.min(5_000, bounds.headersTimeoutMs),
      maxHeaderSize: 16_384,
      keepAlive: true,
      keepAliveInitialDelay: 60_000,
      noDelay: true,
    },
    getRequestListener(app.fetch, { errorHandler: refuseUnreadable }),
  );
  server.maxConnections = bounds.connections + Math.ceil(bounds.connections / 10);
  server.on("connection", (socket) => {
    socket.once("close", open.add(peerOf(socket)));
  });
  server.on("drop", () => log.warn("a connection was closed at once: too many are open", { open: open.all }));

  return {
    async listen() {
      if (token === undefined && !isLoopback(listen.host)) {
        throw new DockersnapError(
          "invalid_request",
          `api.listen is ${listen.host}: without api.token only loopback will do.`,
        );
      }
      // Rejects on the "error" event, which is how a server says that it cannot listen.
      await once(server.listen({ host: listen.host, port: listen.port }), "listening").catch((cause) => {
        throw cannotListen(`${listen.host}:${listen.port}`, cause);
      });
      server.on("error", (error) => log.error("the HTTP server failed", { error }));
      const { address, port, family } = server.address() as AddressInfo;
      return { address: family === "IPv6" ? `[${address}]:${port}` : `${address}:${port}`, port };
    },
    async close(graceMs) {
      const closed = new Promise<void>((resolve) => {
        server.close(() => resolve());
      });
      closing.abort();
      server.closeIdleConnections();
      const timers = [
        setTimeout(() => leaving.abort(), graceMs),
        setTimeout(() => server.closeAllConnections(), graceMs + partingMs),
      ];
      await closed;
      for (const timer of timers) clearTimeout(timer);
    },
  };
}

/** For what is no request at all to the layer below: an address or a Host that is none. */
function refuseUnreadable(): Response {
  const error = "The request cannot be understood: its address or its Host header is not valid.";
  return Response.json({ error, code: "invalid_request" }, { status: 400 });
}

function cannotListen(address: string, cause: unknown): DockersnapError {
  const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
  const why: Readonly<Record<string, string>> = {
    EADDRINUSE: "another program listens there. Stop it, or choose another port with api.listen",
    EADDRNOTAVAIL: "this machine has no such address. Correct api.listen",
    EACCES: "that needs root. Run as root, or choose a port of 1024 or more with api.listen",
  };
  const words = why[String(code)] ?? (cause instanceof Error ? cause.message : String(cause));
  return new DockersnapError("internal", `The API cannot listen on ${address}: ${words}.`, { cause });
}
