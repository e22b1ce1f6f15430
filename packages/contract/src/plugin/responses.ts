import * as z from "zod";

export const ValidateResponse = z.object({
  contract_version: z.string().optional(),
  valid: z.boolean(),
  errors: z.array(z.string()).nullish(),
  warnings: z.array(z.string()).nullish(),
});
export type ValidateResponse = z.infer<typeof ValidateResponse>;

/** One line of progress, from a plugin or from the daemon itself; clients get them verbatim and in order. */
export const ProgressEvent = z.looseObject({
  step: z.string(),
  status: z.enum(["running", "done", "error"]),
  message: z.string().optional(),
  percent: z.number().min(0).max(100).optional(),
});
export type ProgressEvent = z.infer<typeof ProgressEvent>;

/** `mode` is octal, such as `0600`. `name` is a plain relative path; whoever writes it checks that again. */
export const AccessFile = z.object({
  name: z.string(),
  content: z.string(),
  mode: z.string().optional(),
});
export type AccessFile = z.infer<typeof AccessFile>;

export const AccessEndpoint = z.object({
  name: z.string(),
  scheme: z.string().optional(),
  host_port_label: z.string().optional(),
  insecure: z.boolean().optional(),
  description: z.string().optional(),
  url: z.string().optional(),
});
export type AccessEndpoint = z.infer<typeof AccessEndpoint>;

export const AccessResponse = z.object({
  contract_version: z.string().optional(),
  env: z.record(z.string(), z.string()).nullish(),
  files: z.array(AccessFile).nullish(),
  endpoints: z.array(AccessEndpoint).nullish(),
});
export type AccessResponse = z.infer<typeof AccessResponse>;

export const WorkloadPort = z.object({
  label: z.string(),
  container_port: z.int(),
  /** In the plugin's own words, `tcp` for most. */
  protocol: z.string().optional(),
});
export type WorkloadPort = z.infer<typeof WorkloadPort>;

export const DescribeResponse = z.object({
  contract_version: z.string().optional(),
  workload_type: z.string(),
  status: z.string(),
  ports: z.array(WorkloadPort).nullish(),
  config: z.record(z.string(), z.unknown()).nullish(),
  details: z.record(z.string(), z.unknown()).nullish(),
});
export type DescribeResponse = z.infer<typeof DescribeResponse>;

export const HealthCheck = z.object({ name: z.string(), ok: z.boolean(), message: z.string().optional() });
export type HealthCheck = z.infer<typeof HealthCheck>;

export const HealthResponse = z.object({
  contract_version: z.string().optional(),
  healthy: z.boolean(),
  checks: z.array(HealthCheck).nullish(),
  status: z.enum(["healthy", "unhealthy", "degraded", "starting"]).optional(),
  message: z.string().optional(),
});
export type HealthResponse = z.infer<typeof HealthResponse>;

/** What a command that exits non-zero may leave on stdout. */
export const ErrorEnvelope = z.object({
  contract_version: z.string().optional(),
  error: z.string(),
  details: z.string().optional(),
});
export type ErrorEnvelope = z.infer<typeof ErrorEnvelope>;

/** A structured line on a plugin's stderr. */
export const PluginLogLine = z.object({
  ts: z.string(),
  level: z.string().regex(/^(debug|info|warn|error)$/i, { error: "expected DEBUG, INFO, WARN or ERROR" }),
  plugin: z.string(),
  instance: z.string().optional(),
  command: z.string().optional(),
  msg: z.string(),
  attrs: z.record(z.string(), z.unknown()).nullish(),
});
export type PluginLogLine = z.infer<typeof PluginLogLine>;
