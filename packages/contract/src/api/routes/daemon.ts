import * as z from "zod";
import { DaemonHealth } from "../daemon.ts";
import { DaemonEvent } from "../event.ts";
import type { Route } from "../route.ts";
import { api } from "./parts.ts";

export const daemonRoutes = {
  getHealth: {
    method: "GET",
    path: `${api}/health`,
    summary: "How the daemon is",
    needs: "nothing",
    answer: { status: 200, means: "The daemon answers.", body: DaemonHealth },
    fails: [],
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
