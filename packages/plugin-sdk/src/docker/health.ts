import type Docker from "dockerode";
import type { HealthResult } from "../responses/health.ts";

const answerWithinMs = 5000;

/** The health of a workload nobody described: that of its engine. */
export async function engineHealth(docker: Docker, signal: AbortSignal): Promise<HealthResult> {
  try {
    const abortSignal = AbortSignal.any([signal, AbortSignal.timeout(answerWithinMs)]);
    await docker.listContainers({ limit: 1, abortSignal });
    return { checks: [{ name: "engine", ok: true }] };
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    return { checks: [{ name: "engine", ok: false, message: `The instance's engine does not answer: ${reason}.` }] };
  }
}
