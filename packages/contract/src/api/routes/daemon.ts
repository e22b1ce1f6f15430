import * as z from "zod";
import { DaemonHealth, PoolGrowRequest, PoolRoom } from "../daemon.ts";
import { DaemonEvent } from "../event.ts";
import type { Route } from "../route.ts";
import { api, bodyFailures } from "./parts.ts";

export const daemonRoutes = {
  getHealth: {
    method: "GET",
    path: `${api}/health`,
    summary: "How the daemon is",
    needs: "nothing",
    answer: { status: 200, means: "The daemon answers.", body: DaemonHealth },
    fails: [],
  },
  getPool: {
    method: "GET",
    path: `${api}/pool`,
    summary: "How full the pool is",
    needs: "read",
    answer: { status: 200, means: "Its room.", body: PoolRoom },
    fails: [],
  },
  growPool: {
    method: "POST",
    path: `${api}/pool/grow`,
    summary: "Make the daemon's own pool larger while it is in use; the size it has changes nothing",
    needs: "operate",
    body: PoolGrowRequest,
    answer: { status: 200, means: "It has that size.", body: PoolRoom },
    fails: [...bodyFailures, "invalid_request", "wrong_state", "read_only", "unmounted"],
  },
  followEvents: {
    method: "GET",
    path: `${api}/events`,
    summary: "What happens in the daemon, as it happens; Last-Event-ID resumes after that event",
    needs: "read",
    answer: { status: 200, means: "Server-sent events.", type: "text/event-stream", body: DaemonEvent },
    fails: ["invalid_request"],
  },
  getOpenApi: {
    method: "GET",
    path: `${api}/openapi.json`,
    summary: "This document",
    needs: "read",
    answer: { status: 200, means: "OpenAPI 3.1.", body: z.record(z.string(), z.unknown()) },
    fails: [],
  },
  getMetrics: {
    method: "GET",
    path: "/metrics",
    summary: "Figures for Prometheus",
    needs: "read",
    answer: { status: 200, means: "Prometheus' text format.", type: "text/plain", body: z.string() },
    fails: [],
  },
} as const satisfies Readonly<Record<string, Route>>;
