import { contractVersion, type HealthCheck, type HealthResponse } from "@dockersnap/contract/words";

/**
 * Whether the workload does its work. Without a `status` the checks decide, and one that is not ok makes it unhealthy
 * whatever the status says. `degraded` counts as healthy, `starting` not yet.
 */
export interface HealthResult {
  readonly status?: "healthy" | "unhealthy" | "degraded" | "starting";
  readonly message?: string;
  readonly checks?: readonly HealthCheck[];
}

export function healthResponse(pluginName: string, result: HealthResult): HealthResponse {
  const { message } = result;
  const failed = result.checks?.some((check) => !check.ok) === true;
  const claimed = result.status ?? "healthy";
  const status = failed && claimed !== "starting" ? "unhealthy" : claimed;
  const healthy = !failed && (status === "healthy" || status === "degraded");
  return {
    contract_version: contractVersion,
    healthy,
    // A message alone is told as a check too, for daemons that know only those.
    checks: [...(result.checks ?? [{ name: pluginName, ok: healthy, ...(message !== undefined && { message }) }])],
    status,
    ...(message !== undefined && { message }),
  };
}
