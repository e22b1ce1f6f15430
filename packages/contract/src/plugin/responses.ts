import * as z from "zod";

export const ValidateResponse = z.object({
  contract_version: z.string().optional(),
  valid: z.boolean().describe("`false` is a refusal, with the exit code 0 or 1"),
  errors: z.array(z.string()).nullish().describe("Why not, all of it at once"),
  warnings: z.array(z.string()).nullish().describe("Reach whoever asked for the instance"),
});
export type ValidateResponse = z.infer<typeof ValidateResponse>;

/** One line of progress, from a plugin or from the daemon itself; clients get them verbatim and in order. */
export const ProgressEvent = z.looseObject({
  step: z.string(),
  status: z.enum(["running", "done", "error"]),
  message: z.string().optional(),
  percent: z.number().min(0).max(100).optional().describe("0 to 100"),
});
export type ProgressEvent = z.infer<typeof ProgressEvent>;

export const AccessFile = z.object({
  name: z.string().describe("A plain relative path; whoever writes it checks that again"),
  content: z.string(),
  mode: z.string().optional().describe("Octal; `0600` unless given"),
});
export type AccessFile = z.infer<typeof AccessFile>;

export const AccessEndpoint = z.object({
  name: z.string(),
  scheme: z.string().optional(),
  host_port_label: z
    .string()
    .optional()
    .describe("Without a `url`, one is made of the scheme (`https` unless given), the host and this port"),
  insecure: z.boolean().optional().describe("The certificate cannot be checked"),
  description: z.string().optional(),
  url: z.string().optional(),
});
export type AccessEndpoint = z.infer<typeof AccessEndpoint>;

export const AccessResponse = z.object({
  contract_version: z.string().optional(),
  env: z
    .record(z.string(), z.string())
    .nullish()
    .describe(
      "Exported by `dockersnap use`; a name is letters, digits and `_`, begins with no digit, and is not one that shells, the loader, interpreters or dockersnap act on",
    ),
  files: z.array(AccessFile).nullish().describe("Written below `~/.dockersnap/<instance>/`"),
  endpoints: z.array(AccessEndpoint).nullish(),
});
export type AccessResponse = z.infer<typeof AccessResponse>;

export const WorkloadPort = z.object({
  label: z.string(),
  container_port: z.int(),
  protocol: z.string().optional().describe("In the plugin's own words, `tcp` for most"),
});
export type WorkloadPort = z.infer<typeof WorkloadPort>;

export const DescribeResponse = z.object({
  contract_version: z.string().optional(),
  workload_type: z.string(),
  status: z.string().describe("In the plugin's own words"),
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
  level: z
    .string()
    .regex(/^(debug|info|warn|error)$/i, { error: "expected DEBUG, INFO, WARN or ERROR" })
    .describe("`DEBUG`, `INFO`, `WARN` or `ERROR`, in any case"),
  plugin: z.string(),
  instance: z.string().optional(),
  command: z.string().optional(),
  msg: z.string(),
  attrs: z.record(z.string(), z.unknown()).nullish(),
});
export type PluginLogLine = z.infer<typeof PluginLogLine>;
