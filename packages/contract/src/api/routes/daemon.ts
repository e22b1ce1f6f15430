import * as z from "zod";
import { addresses } from "../addresses.ts";
import { DaemonHealth, PoolGrowRequest, PoolRoom } from "../daemon.ts";
import { DaemonEvent } from "../event.ts";
import type { Route } from "../route.ts";
import { bodyFailures } from "./parts.ts";

export const daemonRoutes = {
  getHealth: {
    ...addresses.getHealth,
    summary: "Show the daemon's health",
    needs: "nothing",
    answer: { status: 200, means: "The daemon answers.", body: DaemonHealth },
    fails: [],
  },
  getPool: {
    ...addresses.getPool,
    summary: "Show the pool's free space",
    needs: "read",
    answer: { status: 200, means: "The pool's space and state.", body: PoolRoom },
    fails: [],
  },
  growPool: {
    ...addresses.growPool,
    summary: "Enlarge the daemon's own pool while it is in use; the current size is a no-op",
    needs: "operate",
    body: PoolGrowRequest,
    answer: { status: 200, means: "The pool has that size.", body: PoolRoom },
    fails: [...bodyFailures, "invalid_request", "wrong_state", "read_only", "unmounted"],
  },
  followEvents: {
    ...addresses.followEvents,
    summary: "Follow the daemon's events; Last-Event-ID resumes after that event",
    needs: "read",
    answer: { status: 200, means: "Server-sent events.", type: "text/event-stream", body: DaemonEvent },
    fails: ["invalid_request"],
  },
  getOpenApi: {
    ...addresses.getOpenApi,
    summary: "This document",
    needs: "read",
    answer: { status: 200, means: "OpenAPI 3.1.", body: z.record(z.string(), z.unknown()) },
    fails: [],
  },
  getMetrics: {
    ...addresses.getMetrics,
    summary: "Metrics for Prometheus",
    needs: "read",
    answer: { status: 200, means: "Prometheus' text format.", type: "text/plain", body: z.string() },
    fails: [],
  },
} as const satisfies Readonly<Record<string, Route>>;
