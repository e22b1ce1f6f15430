import * as z from "zod";
import { addresses } from "../addresses.ts";
import { DaemonHealth, PoolGrowRequest, PoolRoom } from "../daemon.ts";
import { DaemonEvent } from "../event.ts";
import type { Route } from "../route.ts";
import { bodyFailures } from "./parts.ts";

export const daemonRoutes = {
  getHealth: {
    ...addresses.getHealth,
    summary: "How the daemon is",
    needs: "nothing",
    answer: { status: 200, means: "The daemon answers.", body: DaemonHealth },
    fails: [],
  },
  getPool: {
    ...addresses.getPool,
    summary: "How full the pool is",
    needs: "read",
    answer: { status: 200, means: "Its room.", body: PoolRoom },
    fails: [],
  },
  growPool: {
    ...addresses.growPool,
    summary: "Make the daemon's own pool larger while it is in use; the size it has changes nothing",
    needs: "operate",
    body: PoolGrowRequest,
    answer: { status: 200, means: "It has that size.", body: PoolRoom },
    fails: [...bodyFailures, "invalid_request", "wrong_state", "read_only", "unmounted"],
  },
  followEvents: {
    ...addresses.followEvents,
    summary: "What happens in the daemon, as it happens; Last-Event-ID resumes after that event",
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
    summary: "Figures for Prometheus",
    needs: "read",
    answer: { status: 200, means: "Prometheus' text format.", type: "text/plain", body: z.string() },
    fails: [],
  },
} as const satisfies Readonly<Record<string, Route>>;
