import * as z from "zod";
import { AccessEndpoint, AccessFile, HealthCheck, WorkloadPort } from "../plugin/responses.ts";
import { Timestamp } from "../time.ts";
import { InstanceHealth } from "./instance.ts";

/** What `use` needs, with `${HOST}` and `${PORT:…}` put in; `${ACCESS_DIR}` is left for the client. */
export const Access = z.object({
  contract_version: z.string(),
  env: z.record(z.string(), z.string()),
  files: z.array(AccessFile),
  endpoints: z.array(AccessEndpoint),
  warnings: z.array(z.string()).optional(),
  /** Tells this daemon from any other, by whatever address it is reached; absent from older ones. */
  daemon: z.string().optional(),
});
export type Access = z.infer<typeof Access>;

export const WorkloadDescription = z.object({
  workload_plugin: z.string(),
  workload_type: z.string(),
  contract_version: z.string(),
  status: z.string(),
  ports: z.array(WorkloadPort),
  config: z.record(z.string(), z.unknown()),
  details: z.record(z.string(), z.unknown()),
});
export type WorkloadDescription = z.infer<typeof WorkloadDescription>;

/** What is told of an instance's workload, one that has none included. */
export const WorkloadAnswer = z.union([WorkloadDescription, z.object({ workload_type: z.literal("none") })]);
export type WorkloadAnswer = z.infer<typeof WorkloadAnswer>;

export const WorkloadHealth = z.object({
  workload_plugin: z.string(),
  healthy: z.boolean(),
  /** As the instance shows it: never `healthy` with a failed check. */
  health: InstanceHealth.optional(),
  checks: z.array(HealthCheck),
  contract_version: z.string(),
  checked_at: Timestamp,
  consecutive_fails: z.int(),
  status: z.string().optional(),
  message: z.string().optional(),
});
export type WorkloadHealth = z.infer<typeof WorkloadHealth>;
